// Workflows: the list with triggers across sources, targets and runs, and the page of one.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, script }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/production/workflows");
  await page.getByRole("heading", { name: "No workflows yet" }).waitFor();
  await page.goto("/e/development/workflows");
  const row = (name) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
  const text = await row("receipt").innerText();
  for (const part of ["shop · Paid", "web · Bought", "crm"]) check(text.includes(part), `the row of receipt names ${part}`);
  check((await row(script).innerText()).includes("Not sent: no target"), "a workflow that no target knows is marked");
  check((await row("welcome").innerText()).includes("no mapping"), "a workflow of a target alone");
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  await dashboard.checkAccessibility();

  await page.getByRole("link", { name: "receipt", exact: true }).click();
  await page.waitForURL("**/e/development/workflows/receipt");
  const runs = page.getByRole("region", { name: "Recent runs" });
  check((await runs.innerText()).includes("1 recipient"), "its run");
  await dashboard.checkAccessibility();
  await runs.getByRole("link").first().click();
  await page.waitForURL("**/e/development/runs/**");
  await page.goto(`/e/development/workflows/${encodeURIComponent(script)}`);
  await page.getByText("No target gets the runs of this workflow").waitFor();
  equal(await page.locator("main script").count(), 0, "scripts in the page");
  await page.goto("/e/development/workflows/nobody");
  await page.getByText('names a workflow "nobody"').waitFor();
}
