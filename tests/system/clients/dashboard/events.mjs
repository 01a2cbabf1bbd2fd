// Sends events of every outcome to the demo's sources:  node dashboard/events.mjs BASE TOKEN
const [base, token] = process.argv.slice(2);
const api = async (method, path, body) => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};
const endpoint = async (key) => {
  const source = await api("GET", `/v1/sources/${key}?environment=development`);
  return source.environment_settings.development.settings.endpoint;
};
const send = (url, body) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: typeof body === "string" ? body : JSON.stringify(body) });

const segment = await endpoint("segment");
const http = await endpoint("http");
for (let number = 0; number < 60; number += 1) {
  const userId = `u_${number % 7}`;
  await send(segment, { type: "identify", messageId: `i-${number}`, userId, traits: { name: `User ${number % 7}`, email: `${userId}@example.com` } });
  const properties = { order_id: `o-${number}`, total: 12.5 + number, currency: "EUR", items: [{ sku: "A-1", quantity: 2 }] };
  const order = { type: "track", event: "Order Completed", messageId: `m-${number}`, userId, properties };
  await send(segment, order);
  if (number % 6 === 0) await send(segment, order);
  if (number % 4 === 0) await send(segment, { type: "page", name: "Pricing", messageId: `p-${number}`, userId, properties: { path: "/pricing" } });
  if (number % 10 === 0) await send(segment, "{ this is no JSON");
  if (number % 8 === 0) await send(http, { type: "track", event: "Report Ready", messageId: `r-${number}`, userId, properties: { title: "Q4", recipients: [userId, "u_unknown"] } });
  if (number % 9 === 0) await send(http, { type: "track", event: "Report Ready", messageId: `f-${number}`, userId, properties: { title: "Q4" } });
}
await api("PUT", "/v1/sources/billing?environment=development", { source: { name: "Billing", preconfigured_provider: "http", environment_settings: { development: { settings: { signing_secret: "a secret" } } } } });
await send(await endpoint("billing"), { type: "track", event: "Invoice Paid", messageId: "b-1", userId: "u_1" });
// Counts are written every five seconds.
for (let tries = 0; tries < 300; tries += 1) {
  const { entries } = await api("GET", "/v1/statistics?source=billing");
  if (entries.length > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
