// The event types of a source, the fields of one, and a failed event beside the last good one.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, hostile, event }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const main = page.locator("main");
  await page.goto("/e/production/sources/shop/events");
  await page.getByText("No events yet").waitFor();
  await dashboard.checkAccessibility();
  await page.goto("/e/development/sources/shop/events");
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  const row = page.getByRole("row", { name: event });
  check((await row.innerText()).includes("1 on"), "a type says whether it is mapped");
  const line = row.locator("svg.spark");
  check((await line.getAttribute("aria-label")).startsWith("3 events since "), "a type has its events over time");
  equal(await line.locator(".spark-line").count(), 1, "the line is drawn");
  await page.getByText("The lines show the 4 events since").waitFor();
  const other = page.getByRole("row", { name: "track/Other" });
  check((await other.innerText()).includes("none"), "a type without a mapping says so");
  await dashboard.checkAccessibility();
  await page.getByRole("searchbox", { name: "Search event types" }).fill("OTHER");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL("**search=OTHER");
  equal(await page.locator("[data-row]").count(), 1, "types that match");
  await page.getByRole("link", { name: "Create mapping" }).click();
  equal(await page.getByLabel("Event type").inputValue(), "track/Other", "the form knows the type");

  await page.goto("/e/development/sources/shop/events");
  await page.getByRole("link", { name: event, exact: true }).click();
  await page.getByRole("heading", { name: event }).waitFor();
  const text = await main.innerText();
  check(text.includes("Seen in the newest 3 events"), "the page says how many it looked at");
  check(text.includes(hostile), "a hostile field stays text");
  equal(await page.locator("main script").count(), 0, "scripts in the page");
  const field = (path) => page.locator("tr", { has: page.locator("code", { hasText: path }) }).innerText();
  const cells = await field(/^data\.total$/);
  check(cells.includes("number ×2") && cells.includes("string ×1") && cells.includes("always"), `types and how often: ${cells}`);
  check(cells.includes("12345678901234567890.10"), `every digit of an example: ${cells}`);
  check((await field(/^data\.to$/)).includes("66 %"), "a field that is not always there");
  const beside = page.getByRole("region", { name: "The last failed event beside the last good one" });
  const marks = await beside.locator(".json-mark").allInnerTexts();
  check(marks.includes("only here") && marks.includes("other type"), `what differs is marked: ${marks}`);
  check((await beside.innerText()).includes("recipients"), "the reason of the failure is there");
  await dashboard.checkAccessibility();
  await page.goto("/e/development/sources/shop/events/type?event=track%2FNobody");
  await page.getByText("No event of this type is stored").waitFor();
  await page.goto("/e/development/sources/shop/events/type");
  await page.getByText("names no event type").waitFor();

  // A phone, in the dark.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const path of ["/e/development/sources/shop/events", `/e/development/sources/shop/events/type?event=${encodeURIComponent(event)}`]) {
    await page.goto(path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(overflow <= 0, `${path} is not wider than a phone: ${overflow} px too wide`);
    await dashboard.checkAccessibility();
  }
}
