"""Bulk operations: bulk.py BASE_URL KEY"""

from client import client, ended, fails, has, is_now
from knockapi import NotFoundError, UnprocessableEntityError


def succeeds(operation, count):
    """Checks that an operation succeeded for all of its items."""
    has(operation, api_typename="BulkOperation", estimated_total_rows=count)
    is_now(operation.inserted_at)
    result = ended(operation)
    has(result, status="completed", processed_rows=count, success_count=count, error_count=0, error_items=[])
    is_now(result.completed_at)


users = [{"id": f"py_bulk_{index}", "name": f"User {index}"} for index in range(120)]
succeeds(client.users.bulk.identify(users=users), 120)
has(client.users.get("py_bulk_119"), name="User 119")
succeeds(client.users.bulk.delete(user_ids=[user["id"] for user in users[1:]]), 119)
left = [user.id for user in client.users.list() if user.id.startswith("py_bulk_")]
assert left == ["py_bulk_0"], left

mixed = ended(client.users.bulk.identify(users=[{"id": "py_bulk_a"}, {"id": "py_bulk_b", "blob": "x" * 270_000}]))
has(mixed, status="completed", processed_rows=2, success_count=1, error_count=1)
assert [item.id for item in mixed.error_items] == ["py_bulk_b"], mixed

succeeds(client.objects.bulk.set("py_bulk", objects=[{"id": "o1", "name": "One"}, {"id": "o2"}]), 2)
assert client.objects.get("py_bulk", "o1").properties == {"name": "One"}
succeeds(client.objects.bulk.delete("py_bulk", object_ids=["o1"]), 1)
assert [one.id for one in client.objects.list("py_bulk")] == ["o2"]

succeeds(client.tenants.bulk.set(tenants=["py_bulk_t1", {"id": "py_bulk_t2", "name": "Two"}]), 2)
has(client.tenants.get("py_bulk_t2"), name="Two")
succeeds(client.tenants.bulk.delete(tenant_ids=["py_bulk_t1", "py_bulk_t2"]), 2)
with fails(NotFoundError, "py_bulk_t1"):
    client.tenants.get("py_bulk_t1")
with fails(UnprocessableEntityError, "empty", "users"):
    client.users.bulk.identify(users=[])
