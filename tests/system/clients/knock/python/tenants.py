"""Tenants: tenants.py BASE_URL KEY"""

from client import client, fails, has
from knockapi import NotFoundError, UnprocessableEntityError

branding = {"primary_color": "#33f", "logo_url": "https://example.com/logo.png"}
created = client.tenants.set(
    "py_acme", name="Acme", settings={"branding": branding}, extra_body={"plan": {"seats": 5}}
)
has(created, api_typename="Tenant", id="py_acme", name="Acme", plan={"seats": 5})
has(created.settings.branding, **branding)
assert client.tenants.get("py_acme") == created

merged = client.tenants.set("py_acme", extra_body={"plan": {"trial": True}})
has(merged, name="Acme", plan={"seats": 5, "trial": True})
has(merged.settings.branding, **branding)

client.tenants.set("py_globex", name="Globex of py")


def ids(**query):
    return sorted(tenant.id for tenant in client.tenants.list(**query) if tenant.id.startswith("py_"))


assert ids(page_size=1) == ["py_acme", "py_globex"]
assert ids(tenant_id="py_acme") == ["py_acme"]
assert ids(name="Globex of py") == ["py_globex"]
assert client.tenants.delete("py_globex") is None
with fails(NotFoundError, "py_globex"):
    client.tenants.get("py_globex")
with fails(UnprocessableEntityError, "slash", "id"):
    client.tenants.set("a/b", name="Slash")
