// Running many events again: count and preview, start with a rate, progress to the end, cancel, and the list of jobs.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, events }) {
  const { page } = dashboard;
  const main = page.locator("main");
  await dashboard.signIn(token);
  await page.goto("/e/development/sources/shop/logs");
  await page.getByRole("link", { name: "Run many again" }).click();
  await page.getByRole("heading", { name: `${2 * events} events` }).waitFor();
  check((await main.innerText()).includes("nothing was written"), "a preview writes nothing");
  await dashboard.checkAccessibility();

  // A filter narrows it; one that the API refuses is told at its field.
  await page.getByRole("textbox", { name: "From" }).fill("yesterday");
  await page.getByRole("button", { name: "Count and preview" }).click();
  await page.locator(".field-error").waitFor();
  await page.getByRole("textbox", { name: "From" }).fill("");
  await page.getByRole("textbox", { name: "Event" }).fill("track/A");
  await page.getByRole("button", { name: "Count and preview" }).click();
  await page.getByRole("heading", { name: `${events} events` }).waitFor();
  check((await main.innerText()).includes("Done"), "the preview says how they would end");

  // The progress comes to its end by itself, also where a proxy answered once that the server is away.
  let isAway = true;
  const away = async (route) => {
    if (route.request().resourceType() === "document" || !isAway) return route.continue();
    isAway = false;
    return route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" });
  };
  await page.route(/\/replays\/[0-9a-f-]{36}$/, away);
  await page.getByRole("spinbutton", { name: "Events per second" }).fill("8");
  await page.getByRole("button", { name: "Run them again" }).click();
  await page.waitForURL(/\/replays\/[0-9a-f-]{36}$/);
  await page.getByRole("progressbar").waitFor();
  await dashboard.checkAccessibility();
  await page.getByText("Finished").waitFor();
  check(!isAway, "the progress was asked for while the server was away");
  dashboard.problems = dashboard.problems.filter((problem) => !problem.includes("status of 502"));
  await page.unroute(/\/replays\/[0-9a-f-]{36}$/, away);
  await page.getByRole("heading", { name: "Run again: Failed or Unreadable, track/A" }).waitFor();
  check((await main.innerText()).includes(`${events} of ${events} done`), "the progress is whole");
  await page.getByRole("link", { name: "See the new events" }).click();
  await page.waitForURL(/\/sources\/shop\/logs\?needs_attention=false&starting_at=[^&]+&event=track%2FA$/);
  equal(await page.getByRole("link", { name: "Run many again" }).getAttribute("aria-disabled"), null, "time and type select events");
  check((await page.locator("[data-row]").first().innerText()).includes("run again"), "the newest entries were run again");

  // A slow one is cancelled, and both are listed.
  await page.goto("/e/development/sources/shop/logs/replays/new?event_type=track%2FB");
  await page.getByRole("spinbutton", { name: "Events per second" }).fill("1");
  await page.getByRole("button", { name: "Run them again" }).click();
  await page.waitForURL(/\/replays\/[0-9a-f-]{36}$/);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Cancelled").waitFor();
  await page.goto("/e/development/sources/shop/logs/replays");
  equal(await page.locator("[data-row]").count(), 2, "jobs");
  await dashboard.checkAccessibility();

  // A filter that cannot select events says so.
  await page.goto("/e/development/sources/shop/logs?user_id=u_1");
  equal(await page.getByRole("link", { name: "Run many again" }).getAttribute("aria-disabled"), "true", "the button is disabled");
  await page.getByText("remove the filter User").waitFor();
  await dashboard.checkAccessibility();

  // What was done is in the list of actions.
  await page.goto("/e/development/actions?action_status=success");
  check((await page.locator("[data-row]").count()) >= events, "actions of the events that were run again");
  await page.locator("[data-row-link]").first().click();
  await page.locator("#pane .event").waitFor();
  await dashboard.checkAccessibility();
  await page.keyboard.press("Escape");
  await page.locator("summary", { hasText: "Filter" }).click();
  await page.getByRole("textbox", { name: "Mapping" }).fill("nonsense");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.locator(".field-error").waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/e/development/actions", "/e/development/sources/shop/logs/replays", "/e/development/sources/shop/logs/replays/new"]) {
    await page.goto(path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(overflow <= 0, `${path} is not wider than a phone: ${overflow} px too wide`);
    await dashboard.checkAccessibility();
  }
}
