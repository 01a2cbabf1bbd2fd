// Signing in with a wrong and a right token, the list of sources, the look at markup in a name, colours, and signing out.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, script }) {
  const { page } = dashboard;
  await page.goto("/sources");
  check(page.url().endsWith("/sign-in?next=%2Fsources"), `a page leads to the sign-in first: ${page.url()}`);
  await dashboard.checkAccessibility();
  await page.getByLabel("Management token").fill("im_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Management token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/sources");

  await page.getByRole("link", { name: script }).waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  await dashboard.checkAccessibility();

  const colours = async () => page.evaluate(() => getComputedStyle(document.body.parentElement).backgroundColor);
  const light = await colours();
  await page.getByLabel("Account: bootstrap").click();
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await page.waitForURL("**/sources");
  check((await colours()) !== light, "the page is dark now");
  await dashboard.checkAccessibility();

  await page.goto("/");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await dashboard.checkAccessibility();
  await page.goto("/no/such/page");
  await page.getByText("there is no page at this address").waitFor();

  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("sour");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sources");

  await page.goto("/settings/environments");
  await page.getByLabel("Name").fill("Staging");
  await page.getByLabel("Identifier").fill("Not a slug");
  await page.getByRole("button", { name: "Create environment" }).click();
  await page.locator(".field-error").waitFor();
  equal(await page.getByLabel("Name").inputValue(), "Staging", "the form keeps what was entered");
  await dashboard.checkAccessibility();
  await page.getByLabel("Identifier").fill("staging");
  await page.getByRole("button", { name: "Create environment" }).click();
  const row = page.getByRole("row", { name: "staging" });
  await row.waitFor();
  await row.getByText("Delete…").click();
  await row.getByRole("textbox").fill("staging");
  await row.getByRole("button", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Create an environment" }).waitFor();
  equal(await page.getByRole("alert").count(), 0, "errors after the deletion");

  await page.getByLabel("Account: bootstrap").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in");
  await page.goto("/sources");
  check(page.url().includes("/sign-in"), "the session has ended");
}
