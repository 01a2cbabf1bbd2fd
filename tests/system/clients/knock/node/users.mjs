// Users: users.mjs BASE_URL KEY
import assert from "node:assert/strict";
import { AuthenticationError, NotFoundError, UnprocessableEntityError, all, client, clientWith, fails, has, isNow } from "./client.mjs";

// Creates a user with known and custom properties, with addresses and preferences.
const devices = { "8209f26c-62a5-461d-95e2-a5716a26e652": { tokens: ["token-1"] } };
const preferences = { default: { channel_types: { email: true, sms: false } } };
const known = {
  name: "Ana Silva",
  email: "ana@example.com",
  phone_number: "+351900000000",
  avatar: "https://example.com/ana.png",
  timezone: "Europe/Lisbon",
  locale: "pt-PT",
};
const custom = { plan: "pro", address: { city: "Lisbon", floors: [1, 2] }, credit: 1.5 };
const created = await client.users.update("node_ana", {
  ...known,
  ...custom,
  created_at: "2026-01-02T03:04:05Z",
  channel_data: devices,
  preferences,
});
has(created, { __typename: "User", id: "node_ana", ...known, ...custom });
assert.equal(Date.parse(created.created_at), Date.parse("2026-01-02T03:04:05Z"));
isNow(created.updated_at);

// Reads it.
const read = await client.users.get("node_ana");
assert.deepEqual(read, created);

// Merges deeply; null overwrites; the rest stays.
const merged = await client.users.update("node_ana", { name: null, plan: "team", address: { zip: "1000-001" } });
has(merged, { name: null, email: known.email, plan: "team", credit: 1.5 });
assert.deepEqual(merged.address, { city: "Lisbon", floors: [1, 2], zip: "1000-001" });
assert.deepEqual(await client.users.get("node_ana"), merged);

// Ids with characters that paths encode.
for (const id of ["node ana@example.com", "node_ü☃", "node_a%2Fb", "node_a.b:c+d?e=f&g"]) {
  has(await client.users.update(id, { name: "Odd" }), { id, name: "Odd" });
  has(await client.users.get(id), { id, name: "Odd" });
}

// Lists all users, page by page.
const listed = await all(client.users.list({ page_size: 2 }));
const own = listed.filter(({ id }) => id.startsWith("node"));
assert.deepEqual(own.map(({ id }) => id).sort(), ["node ana@example.com", "node_a%2Fb", "node_a.b:c+d?e=f&g", "node_ana", "node_ü☃"]);
has(own.find(({ id }) => id === "node_ana"), { __typename: "User", email: known.email, plan: "team" });
const page = await client.users.list({ page_size: 3 });
assert.equal(page.entries.length, 3);
has(page.page_info, { __typename: "PageInfo", page_size: 3, before: null });
assert.ok((await page.getNextPage()).entries.length > 0);

// Deletes a user.
assert.ok(!(await client.users.delete("node ana@example.com")));
await fails(client.users.get("node ana@example.com"), NotFoundError, /node ana@example\.com/);
assert.ok(!(await all(client.users.list())).some(({ id }) => id === "node ana@example.com"));

// What is wrong is answered with its class, a sentence and the member.
await fails(client.users.get("node_nobody"), NotFoundError, /node_nobody/);
await fails(client.users.update("node_a/b", { name: "Slash" }), UnprocessableEntityError, /slash/, "id");
await fails(client.users.update("x".repeat(257), {}), UnprocessableEntityError, /256/, "id");
await fails(client.users.update("node_ana", { email: ["a"] }), UnprocessableEntityError, /array/, "email");
await fails(client.users.list({ page_size: 1000 }), UnprocessableEntityError, /1000/, "page_size");
await fails(clientWith({ apiKey: "sk_wrong" }).users.get("node_ana"), AuthenticationError, /token|key/);
