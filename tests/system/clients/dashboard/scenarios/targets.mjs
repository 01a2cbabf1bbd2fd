// Adding a webhook target with a wrong and with a right URL, its secret, pausing and resuming, editing, and deleting by its name.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, url, secret }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/development/targets");
  await page.getByRole("heading", { name: "No targets yet" }).waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "Add target" }).click();
  await page.getByRole("link", { name: "Temporal" }).waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: /^Webhook/ }).click();

  await page.getByLabel("Identifier").fill("crm");
  await page.getByLabel("URL", { exact: true }).fill("ftp://crm");
  await page.getByRole("textbox", { name: /^Signing secret/ }).fill(secret);
  await page.getByRole("button", { name: "Add target" }).click();
  await page.getByText("expected a URL that starts with https:// or http://").waitFor();
  equal(await page.getByLabel("Identifier").inputValue(), "crm", "the form keeps what was entered");
  await dashboard.checkAccessibility();
  await page.getByLabel("URL", { exact: true }).fill(url);
  await page.getByRole("textbox", { name: /^Signing secret/ }).fill(secret);
  await page.getByLabel("Requests per second").fill("7");
  await page.getByRole("button", { name: "Add target" }).click();

  await page.waitForURL("**/e/development/targets/crm");
  await page.getByText("Running").waitFor();
  await page.getByText("They cannot be listed").waitFor();
  check(!(await page.content()).includes(secret), "the secret is not in the page");
  await page.getByText("signing_secret").waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("An operator paused it.").waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();

  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByText("Workflows, limits and more").click();
  equal(await page.getByLabel("Requests per second").inputValue(), "7", "an option of the target");
  equal(await page.getByRole("textbox", { name: /^Signing secret/ }).inputValue(), "", "a secret is not filled in");
  await page.getByLabel("Only these workflows").fill("order\nwelcome");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL("**/e/development/targets/crm");
  await page.getByText("welcome").waitFor();
  await page.getByText("signing_secret").waitFor();

  await page.goto("/e/development/targets/~new/webhook");
  await page.getByLabel("Identifier").fill("crm");
  await page.getByLabel("URL", { exact: true }).fill(url);
  await page.getByRole("button", { name: "Add target" }).click();
  await page.getByText("already; choose another one").waitFor();

  await page.goto("/e/development/targets");
  await page.getByRole("link", { name: "crm" }).click();
  await page.getByText("Delete…").click();
  await page.getByLabel("to confirm").fill("crm");
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No targets yet" }).waitFor();
}
