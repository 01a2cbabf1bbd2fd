// Tenants: tenants.mjs BASE_URL KEY
import assert from "node:assert/strict";
import { NotFoundError, UnprocessableEntityError, all, client, fails, has } from "./client.mjs";

const branding = { primary_color: "#33f", logo_url: "https://example.com/logo.png" };
const created = await client.tenants.set("node_acme", { name: "Acme", plan: { seats: 5 }, settings: { branding } });
has(created, { __typename: "Tenant", id: "node_acme", name: "Acme", plan: { seats: 5 } });
has(created.settings.branding, branding);
assert.deepEqual(await client.tenants.get("node_acme"), created);
assert.deepEqual(await client.tenants.get("node_acme", { resolve_full_preference_settings: false }), created);

// Merges deeply.
const merged = await client.tenants.set("node_acme", { plan: { trial: true }, settings: { branding: { primary_color: "#000" } } });
has(merged, { name: "Acme", plan: { seats: 5, trial: true } });
has(merged.settings.branding, { ...branding, primary_color: "#000" });

await client.tenants.set("node_globex", { name: "Globex" });
const ids = async (query) => (await all(client.tenants.list(query))).map(({ id }) => id).filter((id) => id.startsWith("node_")).sort();
assert.deepEqual(await ids({ page_size: 1 }), ["node_acme", "node_globex"]);
assert.deepEqual(await ids({ tenant_id: "node_globex" }), ["node_globex"]);
assert.deepEqual(await ids({ name: "Acme" }), ["node_acme"]);

assert.ok(!(await client.tenants.delete("node_globex")));
await fails(client.tenants.get("node_globex"), NotFoundError, /node_globex/);
assert.deepEqual(await ids(), ["node_acme"]);
await fails(client.tenants.set("a/b", { name: "Slash" }), UnprocessableEntityError, /slash/, "id");
