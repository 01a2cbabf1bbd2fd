// Novu's triggers and cancels, checked by the schemas of Novu's own client. Other keys than `n_right` are refused.
//
// An idempotency key is remembered with its answer, an error too, as Novu does where the feature is enabled.
import { isDeepStrictEqual } from "node:util";

import { TriggerEventRequestDto$outboundSchema } from "@novu/api/models/components/triggereventrequestdto.js";
import { TriggerEventResponseDto$inboundSchema } from "@novu/api/models/components/triggereventresponsedto.js";

import { Remembered, checkKey, serve } from "./receiver.mjs";

const MAX_RECIPIENTS = 100;
const MAX_BYTES = 512 * 1024;

const remembered = new Remembered();
// The bodies that were processed, by their transaction.
const processed = new Map();

serve((request, problems, told) => {
  if (request.headers.authorization !== "ApiKey n_right") {
    return { status: 401, body: { statusCode: 401, message: "API Key not found", error: "Unauthorized" } };
  }
  if (request.method === "GET" && request.path.startsWith("/v2/workflows?")) {
    return { status: 200, body: { data: { workflows: [{ workflowId: "order-paid", name: "Order paid" }], totalCount: 1 } } };
  }
  const cancel = request.path.match(/^\/v1\/events\/trigger\/([^/]+)$/);
  if (request.method === "DELETE" && cancel) {
    if (request.body !== "") problems.push("a cancel has no body");
    return { status: 200, body: { data: processed.delete(decodeURIComponent(cancel[1])) } };
  }
  if (request.method !== "POST" || request.path !== "/v1/events/trigger") {
    problems.push(`there is no ${request.method} ${request.path}`);
    return;
  }
  if (request.headers["content-type"] !== "application/json") problems.push("the content type is not application/json");
  const body = JSON.parse(request.body);
  checkBody(request, body, problems);
  const key = checkKey(request, problems);
  if (problems.length > 0) return;

  const before = remembered.find(key, request, problems);
  if (before) return { ...before, headers: { ...before.headers, "idempotency-replay": "true" } };
  const wanted = told();
  const answer = wanted?.status ? wanted : processTrigger(body, request);
  // The limit of the rate comes before the memory of keys.
  if (answer.status !== 429) remembered.keep(key, request, answer);
  return wanted?.hang_up ? { hang_up: true } : answer;
});

function checkBody(request, body, problems) {
  const bytes = Buffer.byteLength(request.body);
  if (bytes > MAX_BYTES) problems.push(`the body has ${bytes} bytes`);
  // The client calls it `workflowId`, and sends `name`.
  const { name, ...rest } = body;
  const parsed = TriggerEventRequestDto$outboundSchema.safeParse({ workflowId: name, ...rest });
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`));
  // The schemas leave members out that Novu does not know.
  else if (!isDeepStrictEqual({ ...parsed.data }, { ...body })) problems.push("the body has members that Novu does not know");
  if (!Array.isArray(body.to) || body.to.length === 0 || body.to.length > MAX_RECIPIENTS) {
    problems.push(`${body.to?.length} recipients`);
  }
  if (typeof body.transactionId !== "string") problems.push("the transaction has no id");
  const before = processed.get(body.transactionId);
  if (before !== undefined && before !== request.body) problems.push("the transaction came with another body before");
}

function processTrigger(body, request) {
  processed.set(body.transactionId, request.body);
  const data = { acknowledged: true, status: "processed", transactionId: body.transactionId };
  return { status: 201, body: { data: TriggerEventResponseDto$inboundSchema.parse(data) } };
}
