// Triggers and cancels workflows: workflows.mjs BASE_URL KEY
import assert from "node:assert/strict";
import { UnprocessableEntityError, client, fails, has } from "./client.mjs";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
await client.users.update("node_wf_ana", { name: "Ana" });
await client.objects.set("node_rooms", "r1", { name: "Room" });

// A user by id, one given with properties, and an object; with actor, tenant, data and a key to cancel it by.
const body = {
  recipients: ["node_wf_ana", { id: "node_wf_bo", email: "bo@example.com", plan: "free" }, { collection: "node_rooms", id: "r1" }],
  actor: { id: "node_wf_eve", name: "Eve" },
  tenant: { id: "node_wf_acme", name: "Acme" },
  data: { order: { id: 7, total: 39.5 } },
  cancellation_key: "order-7",
  settings: { sandbox_mode: false },
};
const triggered = await client.workflows.trigger("node-order", body, { idempotencyKey: "node-order-7" });
assert.match(triggered.workflow_run_id, uuid);
has(await client.users.get("node_wf_bo"), { email: "bo@example.com", plan: "free" });
has(await client.users.get("node_wf_eve"), { name: "Eve" });
has(await client.tenants.get("node_wf_acme"), { name: "Acme" });

// The same key and body give the same run; another body is an error; another key is another run.
const again = await client.workflows.trigger("node-order", body, { idempotencyKey: "node-order-7" });
assert.equal(again.workflow_run_id, triggered.workflow_run_id);
const other = { ...body, data: { order: { id: 8 } } };
await fails(client.workflows.trigger("node-order", other, { idempotencyKey: "node-order-7" }), UnprocessableEntityError, /another|other/, "Idempotency-Key");
const second = await client.workflows.trigger("node-order", { ...other, cancellation_key: "order-8" });
assert.notEqual(second.workflow_run_id, triggered.workflow_run_id);

// Cancels the first for one recipient, then for all.
assert.ok(!(await client.workflows.cancel("node-order", { cancellation_key: "order-7", recipients: ["node_wf_bo"] })));
assert.ok(!(await client.workflows.cancel("node-order", { cancellation_key: "order-7" })));
// What is not there needs no cancelling.
assert.ok(!(await client.workflows.cancel("node-order", { cancellation_key: "nothing" })));

await fails(client.workflows.trigger("node-order", { recipients: [] }), UnprocessableEntityError, /empty/, "recipients");
await fails(client.workflows.trigger("node-order", { recipients: ["a/b"] }), UnprocessableEntityError, /slash/, "recipients[0]");
const many = Array.from({ length: 1001 }, (_, index) => `user_${index}`);
await fails(client.workflows.trigger("node-order", { recipients: many }), UnprocessableEntityError, /1,?000/, "recipients");
console.log(JSON.stringify({ first: triggered.workflow_run_id, second: second.workflow_run_id }));
