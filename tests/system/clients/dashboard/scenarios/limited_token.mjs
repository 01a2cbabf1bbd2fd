// A token that is limited to one environment sees nothing of another.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, own, other }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  for (const path of ["/", "/sources", "/sources/shop", `/e/${own}/sources/shop/settings`, "/settings/environments"]) {
    await page.goto(path);
    const html = await page.content();
    check(html.includes(own), `${path} shows ${own}`);
    check(!html.includes(other), `${path} shows nothing of ${other}`);
  }
  equal(await page.getByRole("button", { name: "Create environment" }).count(), 0, "ways to create an environment");
  await page.goto(`/sources/shop/compare?from=${own}&to=${other}`);
  await page.getByText("Not permitted").first().waitFor();
  await page.goto(`/e/${other}/sources/shop/settings`);
  check(!(await page.locator("main").innerText()).includes("/integrations/receive/"), "no endpoint of another environment");
  await page.goto(`/e/${other}/logs`);
  check(!(await page.locator("main").innerText()).includes("Done"), "no log of another environment is shown");
}
