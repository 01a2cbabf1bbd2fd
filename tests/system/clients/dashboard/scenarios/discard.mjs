// What waits for a paused target is counted and discarded; a run without a target says so.
import { equal } from "../harness.mjs";

export async function run(dashboard, { token }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/development/deliveries?target=crm");
  await page.getByRole("link", { name: "Discard all…" }).click();
  await page.getByText("1 delivery to crm waits for the first or the next attempt.").waitFor();
  await dashboard.checkAccessibility();
  await page.getByText("Discard…").click();
  await page.getByLabel("to confirm").fill("development");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.waitForURL("**/e/development/deliveries?target=crm&status=canceled");
  equal(await page.locator("[data-row]").count(), 1, "discarded deliveries");

  await page.goto("/e/development/runs");
  const run = page.getByRole("row").filter({ hasText: "Not sent: no target" });
  await run.getByRole("link", { name: "Add target" }).waitFor();
  await dashboard.checkAccessibility();
  await run.getByRole("link").first().click();
  await page.locator("#pane").getByText("No target wanted this run").waitFor();
  await dashboard.checkAccessibility();
}
