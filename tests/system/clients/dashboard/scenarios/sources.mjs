// Creating a source with a taken and with a free identifier, its endpoints, and a search that finds and one that does not.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, taken, script }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/sources");
  await page.getByRole("link", { name: "Create source" }).click();
  await page.waitForURL("**/sources/new");
  await dashboard.checkAccessibility();
  await page.getByLabel("Platform").selectOption("segment");
  await page.getByLabel("Name").fill(script);
  await page.getByLabel("Identifier").fill(taken);
  await page.getByRole("button", { name: "Create source" }).click();
  await page.getByText("already; choose another one").waitFor();
  equal(await page.getByLabel("Name").inputValue(), script, "the form keeps what was entered");
  await dashboard.checkAccessibility();
  await page.getByLabel("Identifier").fill("web");
  await page.getByRole("button", { name: "Create source" }).click();

  await page.waitForURL("**/sources/web");
  await page.getByRole("heading", { name: script }).waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the page");
  for (const environment of ["development", "production"]) {
    const place = page.getByRole("listitem", { name: environment, exact: true });
    check((await place.innerText()).includes("/integrations/receive/"), `${environment} has an endpoint`);
  }
  equal(await page.getByRole("button", { name: /^Copy the endpoint's URL/ }).count(), 2, "endpoints to copy");
  await dashboard.checkAccessibility();

  const search = page.getByRole("searchbox", { name: "Search", exact: true });
  await search.fill("u_1");
  await search.press("Enter");
  await page.waitForURL("**/e/development/logs?user_id=u_1");
  await page.getByRole("link", { name: "track/Paid" }).waitFor();
  await search.fill(script);
  await search.press("Enter");
  await page.getByText("Nothing in development is called").waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the answer of a search");
  await dashboard.checkAccessibility();
  await page.goto("/sources/nobody");
  await page.getByText('there is no source "nobody"').waitFor();
}
