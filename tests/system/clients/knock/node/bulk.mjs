// Bulk operations: bulk.mjs BASE_URL KEY
import assert from "node:assert/strict";
import { NotFoundError, UnprocessableEntityError, all, client, ended, fails, has, isNow } from "./client.mjs";

/** Checks that an operation succeeded for all of its items. */
async function succeeds(operation, count) {
  has(operation, { estimated_total_rows: count });
  isNow(operation.inserted_at);
  const result = await ended(operation);
  has(result, { status: "completed", estimated_total_rows: count, processed_rows: count, success_count: count, error_count: 0, failed_at: null });
  assert.deepEqual(result.error_items, []);
  isNow(result.completed_at);
}

const own = (entries) => entries.map(({ id }) => id).filter((id) => id.startsWith("node_bulk_")).sort();

// Users.
const users = Array.from({ length: 250 }, (_, index) => ({ id: `node_bulk_${index}`, name: `User ${index}`, index }));
await succeeds(await client.users.bulk.identify({ users }), 250);
has(await client.users.get("node_bulk_249"), { name: "User 249", index: 249 });
assert.equal(own(await all(client.users.list({ page_size: 50 }))).length, 250);
await succeeds(await client.users.bulk.delete({ user_ids: users.slice(1).map(({ id }) => id) }), 249);
assert.deepEqual(own(await all(client.users.list())), ["node_bulk_0"]);

// A wrong item ends in an error of its own; the others are carried out.
const mixed = await ended(await client.users.bulk.identify({ users: [{ id: "node_bulk_a" }, { id: "node_bulk_b", blob: "x".repeat(270_000) }, { id: "node_bulk_c" }] }));
has(mixed, { status: "completed", processed_rows: 3, success_count: 2, error_count: 1 });
assert.deepEqual(mixed.error_items.map(({ id }) => id), ["node_bulk_b"]);
has(await client.users.get("node_bulk_c"), { id: "node_bulk_c" });

// Objects.
const objects = ["o1", "o2", "o3"].map((id) => ({ id, name: `Object ${id}` }));
await succeeds(await client.objects.bulk.set("node_bulk", { objects }), 3);
has((await client.objects.get("node_bulk", "o2")).properties, { name: "Object o2" });
await succeeds(await client.objects.bulk.delete("node_bulk", { object_ids: ["o1", "o3"] }), 2);
assert.deepEqual((await all(client.objects.list("node_bulk"))).map(({ id }) => id), ["o2"]);

// Tenants: by id, and with properties.
await succeeds(await client.tenants.bulk.set({ tenants: ["node_bulk_t1", { id: "node_bulk_t2", name: "Two" }] }), 2);
has(await client.tenants.get("node_bulk_t2"), { name: "Two" });
await succeeds(await client.tenants.bulk.delete({ tenant_ids: ["node_bulk_t1", "node_bulk_t2"] }), 2);
await fails(client.tenants.get("node_bulk_t2"), NotFoundError, /node_bulk_t2/);

await fails(client.bulkOperations.get("00000000-0000-7000-8000-000000000000"), NotFoundError, /00000000/);
await fails(client.users.bulk.identify({ users: [] }), UnprocessableEntityError, /empty/, "users");
const many = Array.from({ length: 10_000 }, (_, index) => ({ id: `u${index}` }));
await fails(client.users.bulk.identify({ users: many }), UnprocessableEntityError, /10,?000/, "users");
