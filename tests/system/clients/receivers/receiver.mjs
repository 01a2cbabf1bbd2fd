// A receiver of deliveries: keeps every request, checks it, and answers as the engine does or as it is told.
//
// It prints its URL, and ends when its standard input does, so that it never outlives its test.
//   GET  /-/requests  the deliveries so far, in the order in which they came
//   POST /-/answers   a list of answers to the next requests: {status, headers, body}, or {hang_up: true}, after which a
//                     request is carried out and its connection closed without an answer
import { createServer } from "node:http";

// Serves an engine: `engine(request, problems, told)` returns the answer {status, headers, body}. It adds a sentence to
// `problems` for each rule of the engine that the request breaks. `told()` takes the next answer that a test wants.
export function serve(engine) {
  const requests = [];
  const answers = [];

  const server = createServer(async (incoming, response) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const request = {
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString("utf8"),
      at_ms: Date.now(),
    };
    if (request.path === "/-/requests") return send(response, { status: 200, body: requests });
    if (request.path === "/-/answers") {
      answers.push(...JSON.parse(request.body));
      return send(response, { status: 204 });
    }
    const problems = [];
    let answer;
    try {
      answer = engine(request, problems, () => answers.shift());
    } catch (error) {
      problems.push(String(error.stack));
    }
    if (problems.length > 0) answer = { status: 422, body: { message: problems.join("; ") } };
    // What only reads is no delivery.
    if (request.method !== "GET") requests.push({ ...request, problems, answer });
    if (answer.hang_up) return incoming.socket.destroy();
    send(response, answer);
  });
  server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
  process.stdin.on("end", () => process.exit()).resume();
}

function send(response, { status, headers = {}, body }) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

// The answers by key, for as long as the receiver runs.
export class Remembered {
  #calls = new Map();

  // Returns the remembered answer to the call with this key. The same key with another call is a problem.
  find(key, { path, body }, problems) {
    const call = this.#calls.get(key);
    if (call && (call.path !== path || call.body !== body)) problems.push(`the key ${key} came with another call before`);
    return call?.answer;
  }

  keep(key, { path, body }, answer) {
    this.#calls.set(key, { path, body, answer });
  }
}

// Checks a header with a key by which a call is recognized.
export function checkKey(request, problems) {
  const key = request.headers["idempotency-key"];
  if (key === undefined) problems.push("idempotency-key is missing");
  else if (key.length === 0 || key.length > 255) problems.push(`idempotency-key has ${key.length} characters`);
  return key;
}
