// The live tail when it is not live: while the server is stopped, when more came than it shows, and after signing out.
import { check, equal } from "../harness.mjs";
import { Server } from "../server.mjs";

/** Console messages of the browser about a server that is not there. */
const GONE = /ERR_(FAILED|CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)|status of 502|htmx:(sse:)?error:? (Failed to fetch|network error)/;

export async function run(dashboard, { binary, directory }) {
  let server = await Server.start({ binary, directory });
  const token = await server.token();
  await dashboard.at(server.base);
  const { page } = dashboard;
  const source = { name: "Shop", preconfigured_provider: "segment" };
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const made = await fetch(`${server.base}/v1/sources/shop?environment=development`, { method: "PUT", headers, body: JSON.stringify({ source }) });
  equal(made.status, 200, "the source");
  const endpoint = (await made.json()).source.environment_settings.development.settings.endpoint;
  const send = async (events) => {
    const body = JSON.stringify(events.map((event) => ({ type: "track", event, userId: "u_1", properties: {} })));
    const answer = await fetch(endpoint, { method: "POST", headers: { "content-type": "application/json" }, body });
    equal(answer.status, 200, "the answer to events");
  };
  const many = (name, count) => Array.from({ length: count }, (_, number) => `${name} ${number}`);
  await dashboard.signIn(token);
  await page.goto("/e/development/logs?needs_attention=false");
  const state = page.locator("[data-live-state]");
  const rows = page.locator("[data-live-rows] [data-row]");
  const row = (text) => rows.filter({ hasText: text }).first();
  const gaps = page.locator("[data-live-rows] .live-gap");
  const setUp = await dashboard.newPage();
  await setUp.goto("/e/development/sources/shop/set-up");
  const setUpState = setUp.locator("[data-stream-state]");
  await state.getByText("Live", { exact: true }).waitFor();
  await setUpState.getByText("live", { exact: true }).waitFor();

  // A server that is stopped, and one that is killed: the page says so, comes back by itself, and has what came meanwhile.
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    await server.stop(signal);
    await state.getByText("Connection lost, connecting again…").waitFor();
    await setUpState.getByText("connection lost, connecting again…").waitFor();
    await dashboard.checkAccessibility();
    server = await Server.start({ binary, directory, listen: server.listen });
    await send([`After ${signal}`]);
    await row(`track/After ${signal}`).waitFor();
    await state.getByText("Live", { exact: true }).waitFor();
    await setUp.getByRole("link", { name: `track/After ${signal}` }).waitFor();
    await setUpState.getByText("live", { exact: true }).waitFor();
  }
  equal(await gaps.count(), 0, "nothing was missed");

  // What came while the browser was away is more than the tail shows: it says so, and shows the newest.
  await page.route("**/logs/live?**", (route) => route.abort());
  await server.stop();
  await state.getByText("Connection lost, connecting again…").waitFor();
  server = await Server.start({ binary, directory, listen: server.listen });
  await send(many("Away", 600));
  await page.unroute("**/logs/live?**");
  await row("track/Away 599").waitFor();
  await gaps.filter({ hasText: "entries came faster than a stream sends them; the list has those in between" }).waitFor();
  await dashboard.checkAccessibility();

  // The first request of a stream fails: the page says so, shows nothing of a proxy's error page, and comes back by itself.
  const badGateway = { status: 502, contentType: "text/html", body: "<p>Bad gateway</p>" };
  for (const fail of [(route) => route.abort(), (route) => route.fulfill(badGateway)]) {
    await page.route("**/logs/live?**", fail);
    await page.reload();
    await state.getByText("Connection lost, connecting again…").waitFor();
    equal(await page.getByText("Bad gateway").count(), 0, "parts of the proxy's page");
    await page.unroute("**/logs/live?**");
    await state.getByText("Live", { exact: true }).waitFor();
  }

  // A script that comes late is waited for.
  await page.route("**/hx-sse.js", async (route) => {
    await page.waitForTimeout(1000);
    await route.continue();
  });
  await page.reload();
  await state.getByText("Live", { exact: true }).waitFor();
  await page.unroute("**/hx-sse.js");

  // A burst while somebody reads: what is held is counted, and the place of what is left out is marked.
  await page.reload();
  await state.getByText("Live", { exact: true }).waitFor();
  await row("track/Away 599").getByRole("link").click();
  await page.locator("#pane .event").waitFor();
  await send(many("Burst", 600));
  const news = page.locator("[data-live-new]");
  await page.locator("#live-held [data-row]").filter({ hasText: "track/Burst 599" }).waitFor({ state: "attached" });
  await news.click();
  await row("track/Burst 599").waitFor();
  await gaps.first().waitFor();
  check((await rows.count()) <= 300, "the list stays bounded");
  await gaps.first().getByRole("link", { name: "Load the list again" }).click();
  await row("track/Burst 599").waitFor();
  equal(await gaps.count(), 0, "gaps of a list that was loaded again");
  equal(await rows.count(), 50, "the newest page");

  // After signing out elsewhere the pages that are open end, say so, and do not come back.
  await state.getByText("Live", { exact: true }).waitFor();
  const other = await dashboard.newPage();
  await other.goto("/sources");
  await other.getByLabel(/^Account/).click();
  await other.getByRole("button", { name: "Sign out" }).click();
  await other.waitForURL("**/sign-in");
  await state.getByText("Not live: the session has ended; sign in again").waitFor();
  await setUpState.getByText("not live: the session has ended; sign in again").waitFor();
  const before = await rows.count();
  await send(["Secret"]);
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "Load again" }).click();
  await page.waitForURL("**/sign-in?next=**");
  equal(await setUp.getByText("track/Secret").count(), 0, "events after the end of the session");
  check(before > 0, "the rows stay");
  await server.stop();
  dashboard.problems = dashboard.problems.filter((problem) => !GONE.test(problem));
}
