// The list of logs with its filters and pages, the pane beside it, and the page of an event: marks, preview, and running again.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, hostile, archive }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const main = page.locator("main");
  const rows = page.locator("[data-row]");
  // First stands what needs somebody.
  await page.goto("/e/development/logs");
  equal(await rows.count(), 1, "entries that need attention");
  check((await rows.first().innerText()).includes("action_failed"), "a row says why nothing was carried out");
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "All", exact: true }).click();
  await page.waitForURL("**needs_attention=false");
  equal(await rows.count(), 50, "rows of a page");
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  await dashboard.checkAccessibility();

  // The newest stand first, and pages lead on.
  await page.getByRole("link", { name: "Older →" }).click();
  await page.waitForURL("**after=**");
  await page.getByRole("link", { name: "← Newer" }).click();
  await page.waitForURL("**before=**");

  // A filter is the query string, and a chip takes it off.
  await page.goto("/e/development/sources/shop/logs");
  await page.getByRole("navigation", { name: "Outcomes" }).getByRole("link", { name: "Failed" }).click();
  await page.waitForURL("**outcome=failed");
  equal(await rows.count(), 1, "failed entries");
  await page.getByLabel("Remove the filter Failed").click();
  await page.waitForURL("**/sources/shop/logs");
  await page.locator("summary", { hasText: "Filter" }).click();
  await page.getByRole("textbox", { name: "From" }).fill("yesterday");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Filter" }).click();
  await page.locator(".field-error").waitFor();
  equal(await page.getByRole("textbox", { name: "From" }).inputValue(), "yesterday", "the form keeps what was entered");
  equal(await rows.count(), 1, "the rows stay when a filter is refused");
  await page.goto("/e/development/sources/shop/logs");
  await page.getByRole("searchbox", { name: "Text in the received item" }).fill("ANA@example.com");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByText("Looked at all").waitFor();
  equal(await rows.count(), 2, "entries with the text, in either case");
  equal(await page.locator("[data-live]").count(), 0, "a search is not live");
  await page.goto(`/e/development/logs?source=shop&event=${encodeURIComponent(hostile)}`);
  equal(await rows.count(), 2, "the event and its duplicate");

  check((await rows.last().innerText()).includes("Done (delivered 1/1)"), "the list says what came of the deliveries");

  // The pane, by the keyboard.
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator("#pane .event").waitFor();
  check((await page.locator("#pane").innerText()).includes("Duplicate (idempotent)"), "the newest is the duplicate");
  await dashboard.checkAccessibility();
  await page.keyboard.press("Escape");
  await page.locator("#pane").waitFor({ state: "hidden" });

  // The page of the event itself: the duplicate leads to the execution.
  await page.goto(await rows.first().getByRole("link").getAttribute("href"));
  await page.getByRole("link", { name: "the execution that it repeats" }).click();
  await page.locator("#idempotency + dd", { hasText: "Not a duplicate" }).waitFor();
  check((await main.innerText()).includes("Done (delivered 1/1)"), "the event says what came of its deliveries");
  await page.locator("#deliveries summary").click();
  const data = page.locator("#received .json-marks .json-mark");
  equal(await data.innerText(), "data", "the mark of a whole object");
  const mark = page.locator("#received .json-mark", { hasText: "user_id" });
  equal(await mark.count(), 1, "marks of the user");
  check(await mark.isVisible(), "the tree is open down to the mark");
  const row = await mark.getAttribute("href");
  check((await page.locator(`tr${row}`).innerText()).includes("/userId"), "the field names the place of its value");
  equal(await page.locator("main script").count(), 0, "scripts in the event");
  const command = await page.getByRole("button", { name: "Copy as curl" }).getAttribute("data-copy");
  check(command.startsWith('curl -X POST "$ENDPOINT"'), `the endpoint is no part of the command: ${command}`);
  await dashboard.checkAccessibility();

  await page.locator("summary", { hasText: "Save as test case" }).click();
  await page.getByText("personal data too").waitFor();
  await page.getByText(/^inlet plugin capture [0-9a-f-]+ --source/).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Save as received" }).click(),
  ]);
  await download.saveAs(archive);

  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("heading", { name: "Preview" }).waitFor();
  check((await main.innerText()).includes("Nothing was written"), "a preview writes nothing");
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "Back to the event" }).click();
  const before = page.url();
  await page.getByRole("button", { name: "Run again" }).click();
  await page.waitForURL((url) => url.href !== before && !url.pathname.endsWith("/replay"));
  await page.getByRole("link", { name: "an earlier entry" }).waitFor();
  const replayed = page.locator(".event-head").getByText("Duplicate (idempotent)");
  await replayed.waitFor();
  await page.getByRole("link", { name: "the execution that it repeats" }).waitFor();
  await page.goto("/e/development/logs/shop/no-such-entry");
  await page.getByRole("alert").waitFor();

  // A phone, in the dark.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const path of ["/e/development/logs", new URL(before).pathname]) {
    await page.goto(path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(overflow <= 0, `${path} is not wider than a phone: ${overflow} px too wide`);
    await dashboard.checkAccessibility();
  }
}
