// Sends an identify and two track calls with Jitsu's SDK: jitsu.mjs ENDPOINT
import { jitsuAnalytics } from "@jitsu/js";

const client = jitsuAnalytics({ host: process.argv[2], s2s: true, writeKey: "key:secret", errorPolicy: "strict" });
await client.identify("u_1", { email: "ana@example.com" });
await client.track("Order Completed", { total: 39.5 });
await client.track("Order Refunded");
