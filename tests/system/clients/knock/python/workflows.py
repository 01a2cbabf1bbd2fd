"""Triggers and cancels workflows: workflows.py BASE_URL KEY"""

import json
import uuid

from client import client, fails, has
from knockapi import UnprocessableEntityError

client.users.update("py_wf_rui", name="Rui")
body = {
    "recipients": ["py_wf_rui", {"id": "py_wf_eva", "email": "eva@example.com"}, {"collection": "py_rooms", "id": "r1", "name": "Room"}],
    "actor": {"id": "py_wf_eve", "name": "Eve"},
    "tenant": {"id": "py_wf_acme", "name": "Acme"},
    "data": {"order": {"id": 7, "total": 39.5}},
    "cancellation_key": "order-7",
}
first = client.workflows.trigger("py-order", **body, idempotency_key="py-order-7").workflow_run_id
uuid.UUID(first)
has(client.users.get("py_wf_eva"), email="eva@example.com")
has(client.tenants.get("py_wf_acme"), name="Acme")
assert client.objects.get("py_rooms", "r1").properties == {"name": "Room"}

assert client.workflows.trigger("py-order", **body, idempotency_key="py-order-7").workflow_run_id == first
other = {**body, "data": {}}
with fails(UnprocessableEntityError, "another|other", "Idempotency-Key"):
    client.workflows.trigger("py-order", **other, idempotency_key="py-order-7")
second = client.workflows.trigger("py-order", **{**other, "cancellation_key": "order-8"}).workflow_run_id
assert second != first

assert client.workflows.cancel("py-order", cancellation_key="order-7", recipients=["py_wf_eva"]) is None
assert client.workflows.cancel("py-order", cancellation_key="order-7") is None
assert client.workflows.cancel("py-order", cancellation_key="nothing") is None

with fails(UnprocessableEntityError, "empty", "recipients"):
    client.workflows.trigger("py-order", recipients=[])
with fails(UnprocessableEntityError, "1,?000", "recipients"):
    client.workflows.trigger("py-order", recipients=[f"user_{index}" for index in range(1001)])
print(json.dumps({"first": first, "second": second}))
