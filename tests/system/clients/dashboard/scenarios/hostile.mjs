// What others write stays text on every page that shows it: a request's header, an event's type and user id, and what a
// plugin says of itself.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, hostile }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  /** Looks at a page: the text is there, and no element was made of it. */
  const look = async (what, locator = page.locator("main")) => {
    await locator.waitFor();
    const text = await locator.evaluate((element) => element.textContent);
    check(text.includes(hostile), `${what} shows the text at ${page.url()}`);
    equal(await page.locator("body script").count(), 0, `scripts of ${what}`);
    await dashboard.checkAccessibility();
  };
  await page.goto("/e/development/logs?needs_attention=false");
  await look("the list");
  const events = await page.locator("[data-row-link]").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  equal(events.length, 2, "events");
  for (const event of events) {
    await page.goto(event);
    await page.locator("#received summary", { hasText: "Headers" }).click();
    await look("a header", page.locator("#received details", { hasText: "Headers" }).last());
    await look("an event");
  }
  await page.goto("/e/development/sources/shop/refused");
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByText("SHA-256").waitFor();
  await look("a refused request's header", page.locator("dd", { hasText: hostile }).first());

  for (const path of [
    "/sources/new", "/sources/new?platform=acme%2Fevil", "/plugins", "/plugins/acme%2Fevil", "/sources", "/",
    "/e/development/sources/shop/set-up", "/e/development/sources/shop/try", "/e/development/sources/shop/events",
  ]) {
    await page.goto(path);
    await look(path);
  }
  await page.goto("/e/development/sources/shop/set-up");
  await look("a step", page.locator(".platform-steps li"));
  await page.goto("/plugins/acme%2Fevil");
  const icon = page.locator("img.mark");
  check(await icon.evaluate((image) => image.complete && image.naturalWidth > 0), "the icon is drawn");
  check(!atob((await icon.getAttribute("src")).split(",")[1]).includes("alert"), "nothing in the icon runs");
  await page.goto("/e/development/sources/shop/mappings/new");
  await page.getByLabel("Event type").fill(`track/${hostile}`);
  await page.getByLabel("Event type").press("Tab");
  await page.locator("#sample .json").first().waitFor();
  await look("the sample of a mapping", page.locator("#sample"));
  await page.goto("/search?q=" + encodeURIComponent(hostile));
  await look("the search");
}
