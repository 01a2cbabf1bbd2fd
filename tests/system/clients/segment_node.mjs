// Sends an identify and two track calls with Segment's SDK: segment_node.mjs ENDPOINT
import { Analytics } from "@segment/analytics-node";

const { origin, pathname } = new URL(process.argv[2]);
// The SDK replaces the path of its host, so the endpoint's own path goes in front of the batch's.
const client = new Analytics({ writeKey: "write-key", host: origin, path: `${pathname}/v1/batch`, flushAt: 3, maxRetries: 0 });
const failures = [];
client.on("error", (error) => failures.push(error));
client.identify({ userId: "u_1", traits: { email: "ana@example.com" }, messageId: "m-1" });
client.track({ userId: "u_1", event: "Order Completed", properties: { total: 39.5 }, messageId: "m-2" });
client.track({ userId: "u_1", event: "Order Refunded", messageId: "m-3" });
await client.closeAndFlush({ timeout: 20_000 });
if (failures.length > 0) throw new Error(JSON.stringify(failures));
