"""Users: users.py BASE_URL KEY"""

from datetime import datetime, timezone

from client import client, fails, has, is_now
from knockapi import AuthenticationError, NotFoundError, UnprocessableEntityError

known = {
    "name": "Rui Costa",
    "email": "rui@example.com",
    "phone_number": "+351911111111",
    "avatar": "https://example.com/rui.png",
    "timezone": "Europe/Lisbon",
    "locale": "pt-PT",
}
born = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
created = client.users.update(
    "py_rui",
    **known,
    created_at=born,
    channel_data={"8209f26c-62a5-461d-95e2-a5716a26e652": {"tokens": ["token-1"]}},
    preferences={"default": {"channel_types": {"email": True}}},
    extra_body={"plan": "pro", "address": {"city": "Porto"}, "logins": 3},
)
has(created, api_typename="User", id="py_rui", **known, plan="pro", address={"city": "Porto"}, logins=3)
assert created.created_at == born, created
is_now(created.updated_at)
assert client.users.get("py_rui") == created

merged = client.users.update("py_rui", name=None, extra_body={"address": {"zip": "4000-001"}})
has(merged, name=None, email=known["email"], plan="pro", address={"city": "Porto", "zip": "4000-001"})

odd = "py rui+x@example.com"
has(client.users.update(odd, name="Odd"), id=odd, name="Odd")
listed = [user.id for user in client.users.list(page_size=1)]
assert sorted(id for id in listed if id.startswith("py")) == [odd, "py_rui"], listed

assert client.users.delete(odd) is None
with fails(NotFoundError, "py rui"):
    client.users.get(odd)
with fails(UnprocessableEntityError, "slash", "id"):
    client.users.update("py_a/b", name="Slash")
with fails(UnprocessableEntityError, "array", "email"):
    client.users.update("py_rui", extra_body={"email": ["a"]})
with fails(AuthenticationError, "token|key"):
    client.with_options(api_key="sk_wrong").users.get("py_rui")
