// Uploading a plugin, a file that is none, looking at the difference that a version makes for a source, using it, rolling it
// back, and removing a version. What a hostile manifest says stays text.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, frozen, other, broken, hostile }) {
  const { page } = dashboard;
  const main = page.locator("main");
  const noScripts = async (where) => equal(await page.locator("main script, main a[href^='javascript']").count(), 0, where);
  const upload = async (file) => {
    await page.goto("/plugins/add");
    await page.getByLabel("Component").setInputFiles(file);
    await page.getByRole("button", { name: "Check and add" }).click();
  };
  await dashboard.signIn(token);
  await page.goto("/plugins");
  check((await main.innerText()).includes("Segment"), "bundled platforms are listed");
  await dashboard.checkAccessibility();

  await upload(broken);
  await page.getByRole("alert").waitFor();
  await dashboard.checkAccessibility();
  await upload(frozen);
  await page.waitForURL("**/plugins/inlet%2Ffrozen-v0-1");
  check((await main.innerText()).includes("not signed"), "the signature is told");
  check((await main.innerText()).includes("inlet plugin test frozen-v0-1.wasm"), "the suite's command is told");
  await page.getByRole("button", { name: "Check the laws on 1.0.0" }).click({ timeout: 90_000 });
  await page.getByText(/\d+ of \d+ laws are kept/).waitFor({ timeout: 90_000 });
  const law = page.getByRole("row", { name: /^same-input-same-output/ });
  check((await law.innerText()).includes("Kept"), "a law is kept");
  await page.getByText("sha256:").first().waitFor();
  await dashboard.checkAccessibility();
  await page.goto("/plugins/inlet%2Ffrozen-v0-1");
  await page.locator("summary", { hasText: "Remove" }).click();
  await page.getByLabel("Type 1.0.0 to confirm").fill("1.0.0");
  await page.getByRole("button", { name: "Remove" }).click();
  await page.waitForURL("**/plugins");
  check(!(await main.innerText()).includes("Frozen 0.1"), "the plugin is gone with its version");

  await upload(other);
  await page.waitForURL("**/plugins/acme%2Fhttp");
  await page.getByRole("heading", { name: hostile }).waitFor();
  await noScripts("scripts in the page of a plugin");
  await dashboard.checkAccessibility();
  const row = page.getByRole("row", { name: "crm development" });
  const version = async () => row.locator("td[data-label=Version] code").innerText();
  equal(await version(), "1.0.0", "the version before");
  check(/[KM]iB/.test(await row.locator("td[data-label='Memory of a call']").innerText()), "the memory of a call is told");
  await row.getByRole("combobox").selectOption("2.0.0");
  await row.getByRole("button", { name: "Compare…" }).click();
  await page.waitForURL("**/use?**");
  check((await main.innerText()).includes("1 of the last 2 requests would become something else"), "the difference is counted");
  const difference = page.getByRole("row", { name: "user_id" });
  check((await difference.innerText()).includes("ana"), "the new value is shown");
  await noScripts("scripts in the difference");
  await dashboard.checkAccessibility();

  // Another verification is taken only by those who have looked at it.
  const use = page.getByRole("button", { name: "Use 2.0.0 in development" });
  await use.click();
  await page.getByLabel("I have looked at it: take what differs").check();
  check((await page.getByRole("alert").innerText()).includes("it verifies in another way"), "the API's reason is shown");
  await dashboard.checkAccessibility();
  await use.click();
  await page.waitForURL("**/plugins/acme%2Fhttp");
  equal(await version(), "2.0.0", "the version that is used");

  await row.getByRole("link", { name: "Roll back to 1.0.0…" }).click();
  await page.waitForURL("**rollback=true");
  const back = page.getByRole("button", { name: "Roll back to 1.0.0 in development" });
  await back.click();
  await page.getByLabel("I have looked at it: take what differs").check();
  await back.click();
  await page.waitForURL("**/plugins/acme%2Fhttp");
  equal(await version(), "1.0.0", "the version after the rollback");
  await page.goto("/plugins");
  await noScripts("scripts in the list");
  check((await main.innerText()).includes(hostile), "the name stays text");
}
