// A reader of one environment that hides personal data: pages show "…", no button is in vain, and nothing of another environment.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, secret }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const places = ["users", "users/u_1", "objects", "tenants", "audiences", "audiences/beta", "runs", "deliveries", "targets", "targets/crm"];
  for (const place of places) {
    await page.goto(`/e/development/${place}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    check(!(await page.content()).includes(secret), `${place} shows nothing personal`);
    equal(await page.locator("main form[method=post]").count(), 0, `changes on ${place}`);
    await dashboard.checkAccessibility();
  }
  await page.goto("/e/development/runs");
  await page.locator("[data-row-link]").first().click();
  await page.locator("#pane").getByText("…").first().waitFor();
  check(!(await page.content()).includes(secret), "a run shows nothing personal");
  for (const place of ["users", "users/u_1", "objects", "tenants", "audiences", "runs", "deliveries", "targets", "targets/~new"]) {
    const answer = await page.goto(`/e/production/${place}`);
    const isRefused = answer.status() === 403 || answer.status() === 404;
    check(isRefused || !(await page.content()).includes(secret), `${place} of another environment`);
    check(!(await page.content()).includes("crm"), `${place} of another environment shows nothing`);
  }
}
