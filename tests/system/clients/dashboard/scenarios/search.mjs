// A search that finds and one that does not.
import { equal } from "../harness.mjs";

export async function run(dashboard, { token, script, engineId, delivery }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/sources");
  const search = page.getByRole("searchbox", { name: "Search", exact: true });
  await search.fill("u_1");
  await search.press("Enter");
  await page.waitForURL("**/e/development/logs?user_id=u_1");
  await page.getByRole("link", { name: "track/Paid" }).waitFor();
  await search.fill(engineId);
  await search.press("Enter");
  await page.waitForURL(`**/e/development/deliveries/${delivery}`);
  await page.getByRole("link", { name: "engine" }).first().waitFor();
  await search.fill(script);
  await search.press("Enter");
  await page.getByText("Nothing in development is called").waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the answer of a search");
  await dashboard.checkAccessibility();
  // The switcher searches the same text elsewhere, and stays there.
  await page.locator(".environment-menu > summary").click();
  await page.locator(".environment-menu a").filter({ hasText: "production" }).click();
  await page.getByText("Nothing in production is called").waitFor();
  await search.fill(engineId);
  await search.press("Enter");
  await page.getByText("Nothing in production is called").waitFor();
  await page.goto("/sources/nobody");
  await page.getByText('there is no source "nobody"').waitFor();
}
