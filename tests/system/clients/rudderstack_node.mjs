// Sends an identify and two track calls with RudderStack's SDK: rudderstack_node.mjs ENDPOINT gzip|plain
import Analytics from "@rudderstack/rudder-sdk-node";

const [endpoint, encoding] = process.argv.slice(2);
const client = new Analytics("write-key", { dataPlaneUrl: endpoint, gzip: encoding === "gzip", flushAt: 3, retryCount: 0 });
// The first call is flushed alone and at once, the others together.
client.identify({ userId: "u_1", traits: { email: "ana@example.com" }, messageId: "m-1" });
client.track({ userId: "u_1", event: "Order Completed", properties: { total: 39.5 }, messageId: "m-2" });
client.track({ userId: "u_1", event: "Order Refunded", properties: {}, messageId: "m-3" });
await client.flush();
