// The gallery's catalogue: a platform is searched on a phone, its plugin installed, and a source created with it. A token that
// may not install sees what there is.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, reader, count }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/plugins");
  await page.getByRole("link", { name: "Browse the catalogue" }).click();
  await page.waitForURL("**/sources/new");
  const names = await page.getByRole("button", { name: /^Install / }).evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  equal(new Set(names).size, count, "plugins that can be installed");
  await dashboard.checkAccessibility();

  await page.setViewportSize({ width: 390, height: 844 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  check(width <= 390, `the gallery is ${width} pixels wide on a phone`);
  await dashboard.checkAccessibility();
  const find = async (text) => {
    await page.getByLabel("Find a platform").fill(text);
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Find", exact: true }).click()]);
  };
  await page.getByRole("navigation", { name: "Categories" }).getByRole("link", { name: "Billing" }).click();
  await page.getByRole("button", { name: "Install Paddle" }).waitFor();
  equal(await page.getByRole("button", { name: "Install Slack" }).count(), 0, "platforms of another category");
  await find("<b>no such platform</b>");
  await page.getByText("No platform matches").waitFor();
  await dashboard.checkAccessibility();
  await find("STRIPE billing");
  equal(await page.locator(".tile").count(), 1, "found platforms");
  await page.getByRole("button", { name: "Install Stripe" }).click();

  await page.waitForURL("**/sources/new?platform=inlet%2Fstripe");
  equal(await page.getByLabel("Name").inputValue(), "Stripe", "the name of the new source");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Create source" }).click();
  await page.waitForURL("**/e/development/sources/*/set-up");
  await page.getByText("Waiting for the first event").waitFor();

  await page.goto("/sources/new?q=stripe");
  await page.getByRole("link", { name: /^Stripe/ }).waitFor();
  equal(await page.getByRole("button", { name: "Install Stripe" }).count(), 0, "what is installed is not offered again");

  await dashboard.at(dashboard.base);
  await dashboard.signIn(reader);
  await dashboard.page.goto("/sources/new");
  await dashboard.page.getByText("not installed").first().waitFor();
  equal(await dashboard.page.getByRole("button", { name: /^Install / }).count(), 0, "buttons of a token that may not install");
  await dashboard.checkAccessibility();
}
