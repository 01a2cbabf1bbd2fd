// Cancelling a run by its workflow's name: what waits is not sent.
import { equal } from "../harness.mjs";

export async function run(dashboard, { token }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/development/runs");
  await page.goto(await page.locator("[data-row-link]").first().getAttribute("href"));
  await page.locator("summary", { hasText: "Cancel the run…" }).click();
  await page.getByText("cannot be taken back").waitFor();
  await dashboard.checkAccessibility();
  await page.getByLabel("Type order to confirm").fill("order");
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await page.locator(".event-head").getByText("Cancelled", { exact: true }).waitFor();
  equal(await page.getByText("Cancel the run…").count(), 0, "nothing to cancel");
  await dashboard.checkAccessibility();
  await page.goto("/changes");
  await page.getByText("workflow_runs/").first().waitFor();
}
