"""Objects of collections: objects.py BASE_URL KEY"""

from client import client, fails, has, is_now
from knockapi import NotFoundError, UnprocessableEntityError

created = client.objects.set("py_projects", "p1", name="Apollo", extra_body={"owner": {"id": "u1"}, "cost": 2.5})
has(created, api_typename="Object", collection="py_projects", id="p1")
assert created.properties == {"name": "Apollo", "owner": {"id": "u1"}, "cost": 2.5}, created
is_now(created.updated_at)
assert client.objects.get("py_projects", "p1") == created

merged = client.objects.set("py_projects", "p1", extra_body={"owner": {"name": "Rui"}, "cost": None})
assert merged.properties == {"name": "Apollo", "owner": {"id": "u1", "name": "Rui"}, "cost": None}, merged

for id in ("t1", "t2", "t 3"):
    client.objects.set("py_teams", id, name=f"Team {id}")
assert sorted(team.id for team in client.objects.list("py_teams", page_size=2)) == ["t 3", "t1", "t2"]
assert client.objects.delete("py_teams", "t 3") is None
with fails(NotFoundError, "t 3"):
    client.objects.get("py_teams", "t 3")
assert sorted(team.id for team in client.objects.list("py_teams")) == ["t1", "t2"]
with fails(UnprocessableEntityError, "slash", "id"):
    client.objects.set("py_teams", "a/b", name="Slash")
