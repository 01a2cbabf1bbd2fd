// Audiences: audiences.mjs BASE_URL KEY
import assert from "node:assert/strict";
import { UnprocessableEntityError, client, fails, has, isNow } from "./client.mjs";

const ana = { user: { id: "node_aud_ana", name: "Ana" } };
const bo = { user: { id: "node_aud_bo" }, tenant: "acme" };
assert.ok(!(await client.audiences.addMembers("node_trial", { create_audience: true, members: [ana, bo] })));

const members = async () => {
  const { entries, page_info } = await client.audiences.listMembers("node_trial");
  assert.equal(page_info.__typename, "PageInfo");
  return entries;
};
const found = await members();
assert.deepEqual(found.map(({ user_id }) => user_id).sort(), ["node_aud_ana", "node_aud_bo"]);
for (const member of found) {
  assert.equal(member.__typename, "AudienceMember");
  has(member.user, { __typename: "User", id: member.user_id });
  isNow(member.added_at);
}
has(found.find(({ user_id }) => user_id === "node_aud_ana"), { tenant: null });
has(found.find(({ user_id }) => user_id === "node_aud_bo"), { tenant: "acme" });

// Members are identified by what they are given with.
has(await client.users.get("node_aud_ana"), { name: "Ana" });

// Added again, a member stays one.
await client.audiences.addMembers("node_trial", { members: [ana] });
assert.equal((await members()).length, 2);

assert.ok(!(await client.audiences.removeMembers("node_trial", { members: [bo] })));
assert.deepEqual((await members()).map(({ user_id }) => user_id), ["node_aud_ana"]);
await fails(client.audiences.addMembers("node_trial", { members: [{ user: { id: "a/b" } }] }), UnprocessableEntityError, /slash/, "members[0].user");
