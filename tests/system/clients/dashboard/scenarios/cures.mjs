// The cures of causes on the overview: a wrong secret is set and its request recovered, a failure is acknowledged, a target resumed.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, secret, reader }) {
  const { page } = dashboard;
  await dashboard.signIn(reader);
  const attention = page.getByRole("region", { name: "Needs attention" });
  equal(await attention.getByRole("row").count(), 3, "a heading and two causes");
  check(!(await attention.innerText()).includes("POST"), "the sentences are the dashboard's own");
  equal(await page.locator("main form").count(), 0, "buttons that a reader may not use");
  await dashboard.checkAccessibility();
  await dashboard.context.clearCookies();

  await dashboard.signIn(token);
  const refused = attention.getByRole("row").filter({ hasText: "Signature refused" });
  await refused.getByText("Set secret").click();
  await refused.getByLabel("Signing secret").fill(secret);
  await dashboard.checkAccessibility();
  await refused.getByRole("button", { name: "Save and verify again" }).click();
  await refused.waitFor({ state: "detached" });
  equal(new URL(page.url()).pathname, "/", "a cure leads back to its page");

  const failed = attention.getByRole("row").filter({ hasText: "action_failed" });
  await failed.getByRole("link", { name: "See the events" }).click();
  await page.waitForURL("**/e/development/logs?source=shop&outcome=failed&code=action_failed");
  equal(await page.locator("[data-row]").count(), 1, "the events of the cause");
  await page.goto("/?range=7d");
  await failed.getByRole("button", { name: "Acknowledge" }).click();
  await attention.getByText("Nothing needs attention.").waitFor();
  check(page.url().endsWith("/?range=7d"), "the range stays chosen");

  const deliveries = page.getByRole("region", { name: "Deliveries" });
  await deliveries.getByRole("button", { name: "Resume" }).click();
  await deliveries.getByText("Running").waitFor();
  await dashboard.checkAccessibility();
}
