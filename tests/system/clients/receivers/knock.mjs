// Knock's triggers and cancels, checked by the contract of these calls. Other keys than `sk_right` are refused.
//
// An idempotency key is remembered with its answer 2xx only, as Knock does.
import { randomUUID } from "node:crypto";

import { contract } from "./contract.mjs";
import { Remembered, checkKey, serve } from "./receiver.mjs";

const MAX_RECIPIENTS = 1000;
const MAX_DATA_BYTES = 10_000_000;
// Knock advises against a cancel that comes sooner after its trigger.
const MIN_GAP_MS = 5000;

const operation = contract(new URL("../../contract/recipients.openapi.yaml", import.meta.url));
const remembered = new Remembered();
// The times of the triggers, by workflow and cancellation key.
const triggered = new Map();

serve((request, problems, told) => {
  if (request.headers.authorization !== "Bearer sk_right") {
    return { status: 401, body: { code: "authentication_error", message: "The API key is invalid", status: 401, type: "authentication_error" } };
  }
  const found = operation(request.method, request.path);
  const call = request.path.match(/^\/v1\/workflows\/([^/]+)\/(trigger|cancel)$/);
  if (!found || !call) {
    problems.push(`there is no ${request.method} ${request.path}`);
    return;
  }
  if (request.headers["content-type"] !== "application/json") problems.push("the content type is not application/json");
  const body = JSON.parse(request.body);
  problems.push(...found.requestErrors(body));
  const answer = call[2] === "trigger" ? trigger(request, call[1], body, problems, told) : cancel(request, call[1], body, problems, told);
  // The receiver keeps to the contract too.
  if (answer && !answer.hang_up && answer.status < 300) {
    for (const error of found.responseErrors(answer.status, answer.body)) throw new Error(`the receiver's answer: ${error}`);
  }
  return answer;
});

function trigger(request, workflow, body, problems, told) {
  const key = checkKey(request, problems);
  if (body.recipients.length === 0 || body.recipients.length > MAX_RECIPIENTS) {
    problems.push(`${body.recipients.length} recipients`);
  }
  for (const recipient of body.recipients) {
    if (recipient.collection === undefined && recipient.id === undefined && typeof recipient !== "string") {
      problems.push("a recipient without an id");
    }
  }
  const size = Buffer.byteLength(JSON.stringify(body.data ?? {}));
  if (size > MAX_DATA_BYTES) problems.push(`${size} bytes of data`);
  if (problems.length > 0) return;

  const before = remembered.find(key, request, problems);
  if (before) {
    return { ...before, headers: { "idempotent-replayed": "true", "original-x-request-id": before.headers["x-request-id"] } };
  }
  const wanted = told();
  const headers = { "x-request-id": randomUUID(), ...wanted?.headers };
  if (wanted?.status >= 300) return { ...wanted, headers };
  const answer = { status: 200, headers, body: { workflow_run_id: randomUUID() } };
  if (body.cancellation_key != null) triggered.set(`${workflow} ${body.cancellation_key}`, Date.now());
  remembered.keep(key, request, answer);
  return wanted?.hang_up ? { hang_up: true } : answer;
}

function cancel(request, workflow, body, problems, told) {
  if (request.headers["idempotency-key"] !== undefined) problems.push("only triggers take an idempotency-key");
  const wanted = told();
  if (wanted?.status >= 300) return wanted;
  const at = triggered.get(`${workflow} ${body.cancellation_key}`);
  if (at === undefined) problems.push("a cancel that came before its trigger");
  else if (Date.now() - at < MIN_GAP_MS) problems.push(`a cancel ${Date.now() - at} ms after its trigger`);
  return wanted?.hang_up ? { hang_up: true } : { status: 204 };
}
