// A token that may only read sees mappings, and no button that would be refused.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/development/sources/shop/mappings");
  const main = page.locator("main");
  equal(await main.getByRole("button").count(), 0, "buttons");
  equal(await main.getByText("Switch").count(), 0, "switches");
  await main.getByRole("link", { name: "Paid" }).click();
  await page.getByText("receipt").waitFor();
  equal(await main.locator("form").count(), 0, "forms");
  await dashboard.checkAccessibility();
  await page.goto("/e/development/sources/shop/mappings/new");
  check((await main.innerText()).includes("needs the scope operate"), "the form says which scope it needs");
}
