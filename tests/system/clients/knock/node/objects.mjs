// Objects of collections: objects.mjs BASE_URL KEY
import assert from "node:assert/strict";
import { NotFoundError, UnprocessableEntityError, all, client, fails, has, isNow } from "./client.mjs";

const created = await client.objects.set("node_projects", "p1", { name: "Apollo", owner: { id: "u1" }, tags: ["a"], cost: 2.5 });
has(created, { __typename: "Object", collection: "node_projects", id: "p1" });
has(created.properties, { name: "Apollo", owner: { id: "u1" }, tags: ["a"], cost: 2.5 });
isNow(created.updated_at);
assert.deepEqual(await client.objects.get("node_projects", "p1"), created);

// Merges deeply; null overwrites; the rest stays.
const merged = await client.objects.set("node_projects", "p1", { name: null, owner: { name: "Ana" } });
has(merged.properties, { name: null, owner: { id: "u1", name: "Ana" }, tags: ["a"], cost: 2.5 });
assert.deepEqual(await client.objects.get("node_projects", "p1"), merged);

// One id in two collections is two objects.
for (const id of ["p1", "p2", "p 3"]) await client.objects.set("node_teams", id, { name: `Team ${id}` });
const teams = await all(client.objects.list("node_teams", { page_size: 2 }));
assert.deepEqual(teams.map(({ id }) => id).sort(), ["p 3", "p1", "p2"]);
assert.deepEqual((await all(client.objects.list("node_projects"))).map(({ id }) => id), ["p1"]);
assert.deepEqual(await all(client.objects.list("node_nothing")), []);

assert.ok(!(await client.objects.delete("node_teams", "p 3")));
await fails(client.objects.get("node_teams", "p 3"), NotFoundError, /p 3/);
assert.deepEqual((await all(client.objects.list("node_teams"))).map(({ id }) => id).sort(), ["p1", "p2"]);
has(await client.objects.get("node_projects", "p1"), { id: "p1" });

await fails(client.objects.set("node_projects", "a/b", {}), UnprocessableEntityError, /slash/, "id");
await fails(client.objects.set("$users", "u", {}), UnprocessableEntityError, /\$/, "collection");
