// The live tail: rows come as they are logged, wait while somebody reads, and keep to the filters.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, endpoint, hostile }) {
  const { page } = dashboard;
  const send = async (event, userId = "u_1") => {
    const body = JSON.stringify({ type: "track", event, userId, properties: {} });
    const answer = await fetch(endpoint, { method: "POST", headers: { "content-type": "application/json" }, body });
    equal(answer.status, 200, "the answer to an event");
  };
  await dashboard.signIn(token);
  const rows = page.locator("[data-live-rows] [data-row]");
  const row = (text) => rows.filter({ hasText: text });
  const state = page.locator("[data-live-state]");
  const news = page.locator("[data-live-new]");

  // Nothing needs attention; all that is logged comes by itself, the newest first.
  await page.goto("/e/development/logs");
  await page.getByRole("heading", { name: "Nothing needs you" }).waitFor();
  await state.filter({ hasText: "Live" }).waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "Show all events" }).click();
  await page.waitForURL("**needs_attention=false");
  await state.filter({ hasText: "Live" }).waitFor();
  await send("First");
  await row("track/First").waitFor();
  await send(hostile);
  await row("alert(1)").waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  equal(await rows.first().innerText().then((text) => text.includes("alert(1)")), true, "the newest stands first");
  await dashboard.checkAccessibility();

  // An open row pauses it; what came is counted, and shown at a click.
  await row("track/First").getByRole("link").click();
  await page.locator("#pane .event").waitFor();
  await state.filter({ hasText: "Paused" }).waitFor();
  const before = await rows.count();
  await send("Second");
  await send("Third");
  await news.filter({ hasText: "2 new" }).waitFor();
  equal(await rows.count(), before, "rows while somebody reads");
  await dashboard.checkAccessibility();
  await news.click();
  await row("track/Third").waitFor();
  equal(await rows.count(), before + 2, "rows after a click");
  check(await page.locator("#pane .event").isVisible(), "the pane stays");
  await send("Fourth");
  await news.filter({ hasText: "1 new" }).waitFor();
  await page.locator("#pane [data-pane-close]").click();
  await row("track/Second").getByRole("link").evaluate((link) => link.blur());
  await page.evaluate(() => document.activeElement?.blur());
  await row("track/Fourth").waitFor();
  await state.filter({ hasText: "Live" }).waitFor();

  // Filters hold for what comes.
  await page.goto("/e/development/sources/shop/logs?user_id=u_2");
  await state.filter({ hasText: "Live" }).waitFor();
  await send("Others", "u_1");
  await send("Theirs", "u_2");
  await row("track/Theirs").waitFor();
  equal(await rows.count(), 1, "rows of the user");

  // A connection that breaks is made again, and nothing is missed.
  await page.goto("/e/development/logs?needs_attention=false");
  await state.filter({ hasText: "Live" }).waitFor();
  await dashboard.context.setOffline(true);
  await send("Meanwhile");
  await dashboard.context.setOffline(false);
  await row("track/Meanwhile").waitFor();
  dashboard.problems = dashboard.problems.filter((problem) => !problem.includes("ERR_INTERNET_DISCONNECTED"));
}
