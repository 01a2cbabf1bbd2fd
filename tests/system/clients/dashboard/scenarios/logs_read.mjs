// A token that may only read, in an environment that hides personal data: nothing that would be refused, nothing personal.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, secret }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/development/logs");
  check(!(await page.content()).includes(secret), "the list shows nothing personal");
  await page.goto(await page.locator("[data-row-link]").first().getAttribute("href"));
  await page.getByText("hides personal data").waitFor();
  check(!(await page.content()).includes(secret), "the event shows nothing personal");
  for (const name of ["Run again", "Preview", "Copy as curl"]) {
    equal(await page.getByRole("button", { name }).count(), 0, `buttons “${name}”`);
  }
}
