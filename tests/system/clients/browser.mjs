// Sends an identify, a page and two track calls from a page in Chromium: browser.mjs SDK ENDPOINT WRITE_KEY PORT
//
// SDK is segment, segment-batch, rudderstack or rudderstack-beacon. PORT is the page's, which is in its origin. Prints, as one
// line of JSON, what the page could read: the status of each answer, or the error of a request that the browser refused.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [sdk, endpoint, writeKey, port] = process.argv.slice(2);
const PATIENCE = 45_000;

const scripts = {
  "/segment.js": "node_modules/@segment/analytics-next/dist/umd/index.js",
  "/rudderstack.js": "node_modules/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js",
};

const page = `<!doctype html><meta charset="utf-8"><title>Page</title>
<script src="/${sdk.split("-")[0]}.js"></script>
<script type="module">
const [sdk, endpoint, writeKey] = ${JSON.stringify([sdk, endpoint, writeKey])};
const read = [];
const done = () => fetch("/done", { method: "POST", body: JSON.stringify(read) });
const kept = new URL(endpoint).pathname;
const note = (url, status) => { if (String(url).includes(kept)) read.push(status); };

const { fetch: send } = window;
window.fetch = (url, init) => send(url, init).then(
  (answer) => { note(url, answer.status); return answer; },
  (error) => { note(url, error.name); throw error; },
);
const open = XMLHttpRequest.prototype.open;
XMLHttpRequest.prototype.open = function (method, url, ...rest) {
  this.addEventListener("loadend", () => note(url, this.status || "error"));
  return open.call(this, method, url, ...rest);
};
const beacon = navigator.sendBeacon.bind(navigator);
navigator.sendBeacon = (url, body) => { const sent = beacon(url, body); note(url, sent ? "beacon" : "refused"); return sent; };

const wanted = sdk === "segment" || sdk === "rudderstack" ? 4 : 1;
const call = (analytics) => {
  analytics.identify("u_1", { email: "ana@example.com" });
  analytics.page("Home");
  analytics.track("Order Completed", { total: 39.5 });
  analytics.track("Order Refunded");
};
if (sdk.startsWith("segment")) {
  const { host, pathname } = new URL(endpoint);
  const strategy = sdk === "segment" ? "standard" : "batching";
  const segment = { apiKey: writeKey, apiHost: host + pathname + "/v1", protocol: "http", deliveryStrategy: { strategy, config: { size: 4, timeout: 500 } } };
  const [analytics] = await AnalyticsNext.AnalyticsBrowser.load(
    { writeKey, cdnSettings: { integrations: { "Segment.io": segment } } },
    { retryQueue: false, integrations: { "Segment.io": segment } },
  );
  call(analytics);
} else {
  const source = { id: "source", name: "source", writeKey, enabled: true, workspaceId: "workspace", destinations: [], connections: [],
    dataplanes: {}, config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } } };
  const analytics = new rudderanalytics.RudderAnalytics();
  analytics.load(writeKey, endpoint, {
    getSourceConfig: () => ({ source, updatedAt: "2026-01-02T03:04:05Z" }),
    lockIntegrationsVersion: true, lockPluginsVersion: true,
    useBeacon: sdk === "rudderstack-beacon",
    beaconQueueOptions: { maxItems: 4, flushQueueInterval: 1000 },
    queueOptions: { maxAttempts: 1 },
  });
  analytics.ready(() => {});
  call(analytics);
}
const end = Date.now() + 20_000;
while (read.length < wanted && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
await done();
</script>`;

let report;
const reported = new Promise((resolve, reject) => {
  report = resolve;
  setTimeout(() => reject(new Error("the page did not report")), PATIENCE).unref();
});
const server = createServer(async (request, response) => {
  if (request.url === "/done") {
    let body = "";
    for await (const part of request) body += part;
    response.end();
    report(body);
  } else if (scripts[request.url]) {
    response.setHeader("content-type", "text/javascript").end(await readFile(scripts[request.url]));
  } else if (request.url === "/") {
    response.setHeader("content-type", "text/html").end(page);
  } else {
    response.writeHead(404).end();
  }
}).listen(Number(port), "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));

const profile = await mkdtemp(join(tmpdir(), "chromium-"));
const flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
  "--disable-component-update", "--no-first-run", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
const chromium = spawn("chromium-headless-shell", [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
try {
  console.log(await reported);
} finally {
  const ended = new Promise((resolve) => chromium.once("exit", resolve));
  chromium.kill();
  await ended;
  server.close();
  server.closeAllConnections();
  await rm(profile, { recursive: true, force: true, maxRetries: 10 });
}
