// Reads variables with Knock's management client: variables.mjs BASE_URL TOKEN
//
// The client makes two calls, GET /v1/variables (`list`) and GET /v1/variables/{key} (`retrieve`). It has no call that
// writes one, so the script uses its plain `put` and `delete`. Of the parameters of `list`, `branch` is refused: Inlet has
// no branches, and would answer with the values of another place without a word.
import assert from "node:assert/strict";
import KnockMgmt from "@knocklabs/mgmt";

const [baseURL, serviceToken] = process.argv.slice(2);
const client = new KnockMgmt({ baseURL, serviceToken, maxRetries: 0, timeout: 20_000, logLevel: "off" });
const put = (key, environment, variable) => client.put(`/v1/variables/${key}`, { query: { environment }, body: { variable } });
const fails = async (call, kind, sentence) =>
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof kind, `${error}`);
    assert.match(error.message, sentence);
    return true;
  });
const isNow = (time) => assert.ok(Math.abs(Date.now() - new Date(time)) < 60_000, time);

await put("base_url", "development", { value: "https://dev.example.com", description: "The shop" });
await put("base_url", "production", { value: "https://example.com" });
await put("currency", "development", { value: "EUR" });
await put("api_token", "development", { type: "secret", value: "s3cr3t" });

// Without an environment: one variable with its values in all of them.
const variable = await client.variables.retrieve("base_url");
assert.equal(variable.key, "base_url");
assert.equal(variable.type, "public");
assert.equal(variable.description, "The shop");
assert.deepEqual(variable.environment_values, { development: "https://dev.example.com", production: "https://example.com" });
isNow(variable.inserted_at);
isNow(variable.updated_at);
await fails(client.variables.retrieve("nothing"), KnockMgmt.NotFoundError, /nothing/);

// A list of one environment, whole or of one type, followed to its end by the client.
const list = async (query) => {
  const found = [];
  for await (const variable of client.variables.list(query)) found.push(variable);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
};
const all = await list({ environment: "development", limit: 1 });
assert.deepEqual(all.map(({ key, type, value }) => [key, type, value]), [
  ["api_token", "secret", null],
  ["base_url", "public", "https://dev.example.com"],
  ["currency", "public", "EUR"],
]);
for (const { inserted_at, updated_at } of all) isNow(inserted_at), isNow(updated_at);
assert.deepEqual((await list({ environment: "development", type: "secret" })).map(({ key }) => key), ["api_token"]);
assert.deepEqual((await list({ environment: "production" })).map(({ value }) => value), ["https://example.com"]);
const page = await client.variables.list({ environment: "production" });
assert.equal(page.page_info.after ?? null, null);
await fails(list({ environment: "staging" }), KnockMgmt.UnprocessableEntityError, /staging/);
await fails(list({ environment: "development", type: "hidden" }), KnockMgmt.UnprocessableEntityError, /hidden/);
await fails(list({ environment: "development", branch: "feature" }), KnockMgmt.UnprocessableEntityError, /no such query parameter/);

// What was read can be written back.
const changed = await put("currency", "development", { ...all.find(({ key }) => key === "currency"), value: "USD" });
assert.equal(changed.value, "USD");
await client.delete("/v1/variables/currency", { query: { environment: "development" } });
await fails(client.variables.retrieve("currency"), KnockMgmt.NotFoundError, /currency/);
