// Subscriptions of users and objects to objects: subscriptions.mjs BASE_URL KEY
import assert from "node:assert/strict";
import { NotFoundError, all, client, fails, has, isNow } from "./client.mjs";

await client.users.update("node_sub_ana", { name: "Ana" });
await client.objects.set("node_docs", "d1", { name: "Plan" });
await client.objects.set("node_docs", "d2", { name: "Notes" });
await client.objects.set("node_squads", "s1", { name: "Squad" });
const squad = { collection: "node_squads", id: "s1" };

// A user by id, one given with properties, and an object.
const recipients = ["node_sub_ana", { id: "node_sub_bo", name: "Bo" }, squad];
const added = await client.objects.addSubscriptions("node_docs", "d1", { recipients, properties: { role: "reader" } });
assert.equal(added.length, 3);
for (const subscription of added) {
  has(subscription, { __typename: "Subscription", properties: { role: "reader" } });
  has(subscription.object, { __typename: "Object", collection: "node_docs", id: "d1" });
  isNow(subscription.inserted_at);
  isNow(subscription.updated_at);
}
assert.deepEqual(added.map(({ recipient }) => [recipient.__typename, recipient.id]), [["User", "node_sub_ana"], ["User", "node_sub_bo"], ["Object", "s1"]]);
has(await client.users.get("node_sub_bo"), { name: "Bo" });

// A subscription that exists gets the new properties.
const changed = await client.objects.addSubscriptions("node_docs", "d1", { recipients: ["node_sub_ana"], properties: { role: "editor" } });
assert.deepEqual(changed.map(({ properties }) => properties), [{ role: "editor" }]);
assert.equal(changed[0].inserted_at, added.find(({ recipient }) => recipient.id === "node_sub_ana").inserted_at);

// From the object, page by page; from a recipient; filtered.
const ids = (subscriptions) => subscriptions.map(({ recipient }) => recipient.id).sort();
const subscribers = await all(client.objects.listSubscriptions("node_docs", "d1", { page_size: 2 }));
assert.deepEqual(ids(subscribers), ["node_sub_ana", "node_sub_bo", "s1"]);
has(subscribers.find(({ recipient }) => recipient.id === "node_sub_ana"), { properties: { role: "editor" } });
assert.deepEqual(ids(await all(client.objects.listSubscriptions("node_docs", "d1", { recipients: ["node_sub_bo"] }))), ["node_sub_bo"]);
assert.deepEqual(ids(await all(client.objects.listSubscriptions("node_docs", "d1", { recipients: [squad] }))), ["s1"]);
assert.deepEqual(await all(client.objects.listSubscriptions("node_docs", "d2")), []);
const subscribed = await all(client.objects.listSubscriptions("node_squads", "s1", { mode: "recipient" }));
assert.deepEqual(subscribed.map(({ object }) => [object.collection, object.id]), [["node_docs", "d1"]]);

await client.objects.addSubscriptions("node_docs", "d2", { recipients: ["node_sub_ana"] });
const own = await all(client.users.listSubscriptions("node_sub_ana", { page_size: 1 }));
assert.deepEqual(own.map(({ object }) => object.id).sort(), ["d1", "d2"]);
has(own.find(({ object }) => object.id === "d2"), { properties: null });
const objects = [{ collection: "node_docs", id: "d2" }];
assert.deepEqual((await all(client.users.listSubscriptions("node_sub_ana", { objects }))).map(({ object }) => object.id), ["d2"]);

// Ends subscriptions, and answers with them.
const removed = await client.objects.deleteSubscriptions("node_docs", "d1", { recipients: ["node_sub_ana", squad] });
assert.deepEqual(ids(removed), ["node_sub_ana", "s1"]);
assert.deepEqual(ids(await all(client.objects.listSubscriptions("node_docs", "d1"))), ["node_sub_bo"]);

// A deletion takes subscriptions along.
await client.users.delete("node_sub_bo");
assert.deepEqual(await all(client.objects.listSubscriptions("node_docs", "d1")), []);
await client.objects.delete("node_docs", "d2");
assert.deepEqual(await all(client.users.listSubscriptions("node_sub_ana")), []);
await fails(all(client.users.listSubscriptions("node_nobody")), NotFoundError, /node_nobody/);
