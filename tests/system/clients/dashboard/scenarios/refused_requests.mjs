// The refused requests of a source: the list, one with its headers and body, verifying it again, and deleting one or all.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, reader, hostile }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const address = "/e/development/sources/shop/refused";
  await page.goto(address);
  equal(await page.getByRole("row").count(), 4, "three requests and a head");
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  await dashboard.checkAccessibility();
  const first = () => page.getByRole("row").nth(1).getByRole("link");
  await first().click();
  await page.getByText(hostile).first().waitFor();
  equal(await page.locator("main script").count(), 0, "scripts of a body");
  await dashboard.checkAccessibility();
  await page.getByText("Delete this request…").click();
  await page.getByRole("button", { name: "Delete this request", exact: true }).click();
  await page.waitForURL(`**${address}`);
  equal(await page.getByRole("row").count(), 3, "two requests and a head");
  await first().click();
  await page.getByRole("button", { name: "Verify this one again" }).click();
  await page.waitForURL("**/e/development/logs/shop/**");
  await page.goto(address);
  equal(await page.getByRole("row").count(), 2, "one request and a head");

  const other = await dashboard.newPage(await dashboard.browser.newContext({ baseURL: dashboard.base }));
  await dashboard.signIn(reader, other);
  await other.goto(address);
  equal(await other.locator("main form").count(), 0, "buttons of a reader");
  await other.getByRole("row").nth(1).getByRole("link").click();
  await other.getByText("SHA-256").waitFor();
  check((await other.locator("main form").count()) === 0, "a reader has no buttons");

  // All of a cause are deleted once the source's key is typed.
  await page.goto(address);
  await page.getByText("Delete this request…").click();
  await dashboard.checkAccessibility();
  await page.getByLabel("Type shop to confirm").fill("shop");
  await page.getByRole("button", { name: "Delete this request", exact: true }).click();
  await page.getByText("No refused requests").waitFor();
  await page.goto(`${address}/019b7c9b-7eae-7000-8000-000000000000`);
  await page.getByText("there is no refused request").waitFor();
}
