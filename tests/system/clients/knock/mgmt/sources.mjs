// Configures a source and reads its logs with Knock's management client: sources.mjs BASE_URL TOKEN
import assert from "node:assert/strict";
import KnockMgmt from "@knocklabs/mgmt";
import { EntriesCursor } from "@knocklabs/mgmt/core/pagination";

const [baseURL, serviceToken] = process.argv.slice(2);
const options = { baseURL, serviceToken, maxRetries: 0, timeout: 20_000, logLevel: "off" };
const client = new KnockMgmt(options);
const development = { environment: "development" };
const path = "/v1/sources/webshop";

/** The members of `found` that `expected` names. */
function members(found, expected) {
  return Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]]));
}

const mapping = {
  event_type: "track/Order Completed",
  action_type: "workflows_trigger",
  action_parameters: { key: "order-confirmation", recipients: ["user_id"], data: { total: "data.total" } },
};
const source = {
  name: "Webshop",
  description: "Orders of the shop",
  custom_image_url: "https://example.com/shop.png",
  preconfigured_provider: "segment",
  environment_settings: {
    development: { settings: { handle_identifies: true, timestamp_path: "body.timestamp" }, mappings: [mapping] },
  },
};

// Creates the source.
const put = (body, query = development) => client.put(path, { query, body: { source: body } });
const created = (await put(source)).source;
const texts = { key: "webshop", name: "Webshop", description: "Orders of the shop", custom_image_url: "https://example.com/shop.png" };
assert.deepEqual(members(created, texts), texts);
const { settings, mappings } = created.environment_settings.development;
assert.equal(settings.handle_identifies, true);
assert.equal(settings.timestamp_path, "body.timestamp");
assert.equal(settings.enforce_verification, false);
assert.equal(settings.preprocess_script, null);
assert.equal(mappings.length, 1);
const expected = { ...mapping, active: true, is_deleted: false };
assert.deepEqual(members(mappings[0], expected), expected);

// Reads it, with and without annotations. What is read can be written back and changes nothing.
const read = await client.get(path, { query: development });
assert.deepEqual(read, created);
assert.deepEqual(await client.get(path, { query: { ...development, annotate: true } }), created);
assert.deepEqual((await put(read)).source, created);

// Lists the sources, alone and with their settings.
const listed = await client.get("/v1/sources");
assert.deepEqual(listed.entries.map((entry) => [entry.key, entry.environment_settings]), [["webshop", null]]);
const whole = await client.get("/v1/sources", { query: { ...development, include: ["environment_settings"] } });
assert.deepEqual(whole.entries, [created]);

// Changes one setting and a mapping; deletes the mapping; the rest stays.
const paused = { environment_settings: { development: { settings: { handle_identifies: false }, mappings: [{ ...mapping, active: false }] } } };
const changed = (await put(paused)).source.environment_settings.development;
assert.equal(changed.settings.handle_identifies, false);
assert.equal(changed.settings.timestamp_path, "body.timestamp");
assert.equal(changed.mappings[0].id, mappings[0].id);
assert.equal(changed.mappings[0].active, false);
const without = { environment_settings: { development: { mappings: [{ ...mapping, is_deleted: true }] } } };
assert.deepEqual((await put(without)).source.environment_settings.development.mappings, []);
await put(source);

// Rehearses an event: an identified recipient is needed for a run, so the trigger is skipped.
const track = (event, id, properties) => ({ type: "track", event, userId: "ana", messageId: id, properties, timestamp: "2026-01-02T03:04:05.678Z" });
const rehearse = (payload) => client.post(`${path}/rehearse`, { query: development, body: { payload } });
const rehearsed = await rehearse(track("Order Completed", "m-0", { total: 39.5 }));
const counts = { log_id: null, status: "ok", action_logs_count: 1, successful_action_logs_count: 0, failed_action_logs_count: 0 };
assert.deepEqual(members(rehearsed, counts), counts);
const rejected = await rehearse({ type: "track", event: "Order Completed", userId: { id: "ana" } });
assert.equal(rejected.status, "error");
assert.equal(rejected.action_logs_count, 0);
assert.ok(rejected.errors[0].field && rejected.errors[0].message, JSON.stringify(rejected.errors));

// Sends events as Segment does, and reads them as events, logs and status.
const send = async (body) => {
  const answer = await fetch(settings.endpoint, { method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(20_000) });
  assert.equal(answer.status, 200);
};
await send({ type: "identify", userId: "ana", traits: { email: "ana@example.com" }, messageId: "m-1" });
await send(track("Order Completed", "m-2", { total: 39.5 }));
await send(track("Order Refunded", "m-3", {}));

const events = (await client.get(`${path}/events`, { query: development })).entries;
assert.deepEqual(events.map(({ event }) => event).sort(), ["identify", "track/Order Completed", "track/Order Refunded"]);
for (const { last_received_at } of events) assert.ok(Date.now() - new Date(last_received_at) < 60_000, last_received_at);

const status = await client.get(`${path}/status`, { query: development });
const summary = { mappings_requiring_commit: [], mappings_count: 1, events_count: 3 };
assert.deepEqual(members(status, summary), summary);
assert.ok(Date.now() - new Date(status.last_event_received) < 60_000, status.last_event_received);

// The client follows the cursors itself, one entry a page.
const query = { ...development, limit: 1, include: ["actions"] };
const logs = [];
for await (const log of client.getAPIList(`${path}/logs`, EntriesCursor, { query })) logs.push(log);
assert.deepEqual(logs.map(({ event }) => event), ["track/Order Refunded", "track/Order Completed", "identify"]);
const [, order, identify] = logs;
assert.deepEqual(order.data, { total: 39.5 });
assert.equal(order.source, "webshop");
assert.equal(order.preprocess_output, null);
const action = {
  action_type: "workflows_trigger",
  action_status: "success",
  action_parameters: mapping.action_parameters,
};
assert.equal(order.actions.length, 1);
assert.deepEqual(members(order.actions[0], action), action);
assert.deepEqual(order.actions[0].action_payload.data, { total: 39.5 });
assert.match(order.actions[0].action_result.workflow_run_id, /^[0-9a-f-]{36}$/);
assert.equal(identify.actions[0].action_type, "users_identify");

const filtered = async (more) => (await client.get(`${path}/logs`, { query: { ...development, ...more } })).entries.map(({ id }) => id);
assert.deepEqual(await filtered({ event: "identify" }), [identify.id]);
assert.deepEqual(await filtered({ id: order.id }), [order.id]);
assert.deepEqual(await filtered({ starting_at: "2099-01-01T00:00:00Z" }), []);
assert.deepEqual(await filtered({ ending_at: "2000-01-01T00:00:00Z" }), []);
assert.equal((await filtered({ date: order.inserted_at.slice(0, 10) })).length, 3);

// Source providers.
const providers = (await client.get("/v1/source_providers")).entries;
const segment = providers.find(({ key }) => key === "segment");
assert.equal(segment.provider.name, "Segment");
assert.ok(segment.provider.description.length > 10 && segment.version, JSON.stringify(segment));
const include = ["branding", "default_action_mappings", "example_payloads", "preprocessing_script", "static_fields"];
const provider = await client.get("/v1/source_providers/segment", { query: { include } });
assert.equal(provider.key, "segment");
assert.equal(provider.version, segment.version);
assert.ok(Object.keys(provider.example_payloads).length > 0);
assert.equal(typeof provider.default_settings.enforce_verification, "boolean");

// Environments come as a page that the client reads.
const slugs = [];
for await (const { slug, name, created_at } of client.environments.list()) {
  slugs.push(slug);
  assert.ok(name && !Number.isNaN(Date.parse(created_at)), created_at);
}
assert.deepEqual(slugs, ["development", "production"]);

// Each error becomes the class that the client has for its status, with the server's sentence.
const fails = async (call, kind, code, sentence) =>
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof kind, `${error}`);
    assert.equal(error.error.code, code);
    assert.match(error.message, sentence);
    return true;
  });
const { AuthenticationError, NotFoundError, UnprocessableEntityError } = KnockMgmt;
const stranger = new KnockMgmt({ ...options, serviceToken: "wrong" });
await fails(stranger.get(path, { query: development }), AuthenticationError, "unauthorized", /token/);
await fails(client.get("/v1/sources/nothing", { query: development }), NotFoundError, "not_found", /nothing/);
await fails(client.get(path), UnprocessableEntityError, "invalid", /missing; expected development or production/);
await fails(put({ name: "" }), UnprocessableEntityError, "invalid", /it is empty; expected a text/);
await fails(put({ ...source, preconfigured_provider: "nobody" }), UnprocessableEntityError, "invalid", /nobody/);
const unknown = { environment_settings: { development: { mappings: [{ ...mapping, action_type: "workflows_trigge" }] } } };
await fails(put(unknown), UnprocessableEntityError, "invalid", /workflows_trigger/);
