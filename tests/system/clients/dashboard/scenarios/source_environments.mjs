// A source in its environments: switches, what differs from development, and carrying it over to production.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, script }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/sources/shop");
  const place = (name) => page.getByRole("listitem", { name, exact: true });
  await page.getByRole("heading", { name: script }).waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the page");
  check((await place("development").innerText()).includes("/integrations/receive/"), "development has an endpoint");
  equal(await page.getByRole("button", { name: /^Copy the endpoint's URL/ }).count(), 2, "endpoints to copy");
  equal(await place("production").getByText("reaches real people").count(), 1, "production is marked");
  await place("production").getByRole("link", { name: "2 differences from development" }).waitFor();
  await dashboard.checkAccessibility();

  const users = place("development").getByRole("switch", { name: "Identify users" });
  equal(await users.getAttribute("aria-checked"), "true", "users are identified");
  await users.click();
  await place("development").getByRole("switch", { name: "Identify users", checked: false }).waitFor();
  await place("development").getByRole("switch", { name: "Identify users" }).click();
  await place("development").getByRole("switch", { name: "Identify users", checked: true }).waitFor();
  await place("production").getByRole("switch", { name: "Require verification" }).click();
  await page.getByText("it needs a signing_secret or a write_key").waitFor();
  await dashboard.checkAccessibility();

  await place("production").getByRole("link", { name: "2 differences from development" }).click();
  await page.waitForURL("**/sources/shop/compare?from=development&to=production");
  const settings = page.getByRole("row", { name: /Identify users/ });
  equal((await settings.innerText()).split(/\s+/).slice(-2), ["off", "on"], "the difference of a setting");
  await page.getByRole("row", { name: /Added/ }).getByText(script).first().waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the differences");
  await dashboard.checkAccessibility();
  const apply = page.getByRole("button", { name: "Apply to production" });
  const name = page.getByLabel(/Type production to confirm/);
  await name.fill("prod");
  await apply.click();
  check(page.url().includes("compare"), "another name is not taken");
  equal(await page.getByRole("row", { name: /Identify users/ }).count(), 1, "nothing was carried over");
  await name.fill("production");
  await apply.click();
  await page.getByText("is like").waitFor();
  await page.goto("/sources/shop");
  await place("production").getByText("Same as development").waitFor();

  await place("development").getByRole("link", { name: "View in development" }).click();
  await page.waitForURL("**/e/development/sources/shop/**");
}
