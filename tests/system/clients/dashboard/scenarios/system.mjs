// The page of the system, the audit log with its filters and pages, and a token that sees one environment only.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, limited, script }) {
  const { page } = dashboard;
  const main = page.locator("main");
  await dashboard.signIn(token);
  await page.getByRole("link", { name: "System" }).first().click();
  await page.waitForURL("**/system");
  const text = await main.innerText();
  for (const expected of ["Free disk", "Writer's queue", "Write-ahead log", "Last checkpoint", "retention", "Users to forget"]) {
    check(text.includes(expected), `the page says ${expected}`);
  }
  const checks = page.locator("section", { has: page.getByRole("heading", { name: "Checks" }) });
  equal(await checks.getByText("Check failed").count(), 0, "alerts of an idle server");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Send a test to the webhook" }).click();
  await page.getByRole("row", { name: "test" }).first().waitFor();
  await dashboard.checkAccessibility();

  await page.goto("/changes");
  equal(await page.locator("main script").count(), 0, "scripts in the log");
  check((await main.innerText()).includes(script), "the author's name stays text");
  await dashboard.checkAccessibility();
  const rows = page.locator("[data-row]");
  equal(await rows.count(), 50, "rows of a page");
  await page.getByRole("link", { name: "Older →" }).click();
  await page.waitForURL("**after=**");
  await page.goto("/changes");
  await page.locator("summary", { hasText: "Filter" }).click();
  await page.getByLabel("Operation").selectOption("upsertVariable");
  await page.getByLabel("Environment").selectOption("production");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.waitForURL("**operation=upsertVariable**");
  equal(await rows.count(), 1, "changes with the filters");
  await page.getByText("Before and after").click();
  check((await rows.first().innerText()).includes("PROBE"), "the values are shown");
  await dashboard.checkAccessibility();
  await page.getByLabel("Remove the filter Operation: Save variable").click();
  await page.goto("/changes?resource=nothing");
  await page.getByText("No such change").waitFor();
  await page.goto("/changes?after=x");
  await page.getByRole("alert").waitFor();

  const context = await dashboard.browser.newContext({ baseURL: dashboard.base });
  const other = await dashboard.newPage(context);
  await dashboard.signIn(limited, other);
  equal(await other.getByRole("link", { name: "System" }).count(), 0, "ways to the system");
  equal((await other.goto("/system")).status(), 403, "the system for a limited token");
  await other.goto("/changes");
  check(!(await other.locator("main").innerText()).includes("production"), "changes elsewhere are not shown");
  await context.close();
}
