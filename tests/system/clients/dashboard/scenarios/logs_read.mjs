// A token that may only read, in an environment that hides personal data: nothing that would be refused, nothing personal.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, secret }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/development/logs?needs_attention=false");
  check(!(await page.content()).includes(secret), "the list shows nothing personal");
  await page.goto(await page.locator("[data-row-link]").first().getAttribute("href"));
  await page.getByText("hides personal data").waitFor();
  equal(await page.getByText("Save as test case").count(), 0, "test cases with personal data");
  check(!(await page.content()).includes(secret), "the event shows nothing personal");
  for (const name of ["Run again", "Preview", "Copy as curl"]) {
    equal(await page.getByRole("button", { name }).count(), 0, `buttons “${name}”`);
  }
  await page.goto("/e/development/sources/shop/logs?needs_attention=false");
  await page.locator("[data-row-link]").first().waitFor();
  check(!(await page.content()).includes(secret), "the source's list shows nothing personal");
  equal(await page.getByRole("link", { name: "Run many again" }).count(), 0, "links “Run many again”");
}
