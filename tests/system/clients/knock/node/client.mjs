// Knock's client with Inlet as its base URL, and what the scripts check with: SCRIPT BASE_URL KEY
import assert from "node:assert/strict";
import Knock from "@knocklabs/node";

const [baseURL, apiKey] = process.argv.slice(2);
const options = { baseURL, apiKey, maxRetries: 0, timeout: 20_000, logLevel: "off" };

export const client = new Knock(options);
export const clientWith = (more) => new Knock({ ...options, ...more });
export const { AuthenticationError, NotFoundError, UnprocessableEntityError } = Knock;

/** Checks the members of `found` that `expected` has, and returns `found`. */
export function has(found, expected) {
  const members = Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]]));
  assert.deepEqual(members, expected);
  return found;
}

/** Checks that a time is of the last minute. */
export function isNow(time) {
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000, time);
}

/** Checks that a call fails with this class of error, and with the server's code, sentence and field. */
export async function fails(call, kind, sentence, field = null) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof kind, `${error}`);
    assert.match(error.message, sentence);
    assert.equal(error.error.field, field);
    return true;
  });
}

/** Reads a list to its end, page by page. */
export async function all(pages) {
  const entries = [];
  for await (const entry of pages) entries.push(entry);
  return entries;
}

/** Waits until a bulk operation has ended, at most 30 s. */
export async function ended(operation) {
  assert.equal(operation.__typename, "BulkOperation");
  const deadline = Date.now() + 30_000;
  let found = operation;
  while (found.status === "queued" || found.status === "processing") {
    assert.ok(Date.now() < deadline, JSON.stringify(found));
    await new Promise((wake) => setTimeout(wake, 50));
    found = await client.bulkOperations.get(operation.id);
    has(found, { id: operation.id, name: operation.name });
  }
  return found;
}
