// From the gallery to the first event: a source is created, its URL copied, a wrong secret set, a signed webhook refused and
// recovered with the right secret, and a second one seen as it arrives, without the page being loaded again.
import { createHmac } from "node:crypto";
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, script, secret, evil }) {
  const { page, context } = dashboard;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await dashboard.signIn(token);
  await page.goto("/sources/new");
  await page.getByRole("link", { name: new RegExp(evil.slice(0, 8)) }).waitFor();
  equal(await page.locator("main script").count(), 0, "scripts of a manifest");
  await dashboard.checkAccessibility();
  // It stands under each of its categories.
  const segment = page.getByRole("link", { name: /^Segment/ });
  equal(await segment.count(), 2, "categories of Segment");
  await segment.first().click();
  await page.getByLabel("Name").fill(script);
  equal(await page.getByLabel("Identifier").inputValue(), "segment-2", "a free identifier");
  await page.getByLabel("Identifier").fill("segment");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Create source" }).click();
  await page.getByText("already; choose another one").waitFor();
  equal(await page.getByLabel("Name").inputValue(), script, "the form keeps what was entered");
  await page.getByLabel("Identifier").fill("web");
  await page.getByRole("button", { name: "Create source" }).click();

  await page.waitForURL("**/e/development/sources/web/set-up");
  await page.getByText("Waiting for the first event").waitFor();
  const steps = page.locator(".platform-steps li");
  equal(await steps.count(), 4, "the platform's own steps");
  equal(await steps.first().locator("strong").first().innerText(), "Connections", "a name on the platform's page");
  equal(await steps.first().getByRole("link", { name: "Open the page" }).getAttribute("href"), "https://app.segment.com", "its page");
  equal(await page.locator("main script").count(), 0, "scripts in the page");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Copy the endpoint's URL" }).click();
  const url = await dashboard.copied();
  check(url.includes("/integrations/receive/"), `the copied URL: ${url}`);

  await page.getByLabel("Secret", { exact: true }).fill("a wrong one");
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Save the secret" }).click()]);
  await page.getByRole("link", { name: "Replace it in the settings" }).waitFor();
  await page.waitForURL("**/e/development/sources/web/set-up");

  const send = async (event, messageId, address = url) => {
    const body = JSON.stringify({ type: "track", event, messageId, userId: "u_1", properties: { total: 3 } });
    const signature = createHmac("sha1", secret).update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-signature": signature };
    return (await fetch(address, { method: "POST", body, headers })).status;
  };
  await page.evaluate(() => { window.isSamePage = true; });
  equal(await send("Order Completed", "m-1"), 401, "a wrong secret refuses");
  const refused = page.locator("#trouble-refused-failed");
  await refused.getByText("Signature refused").waitFor();
  equal(await send("Order Completed", "m-2", url.replace("/integrations", "//integrations")), 404, "a slash too many");
  await page.locator("#trouble-doubled_slash").getByText("The URL has a slash too many").waitFor();
  equal(await page.locator("#trouble-doubled_slash code").innerText(), url, "the right URL");
  await dashboard.checkAccessibility();

  // What is typed stays while the panel changes.
  await refused.getByText("Set secret").click();
  await refused.getByLabel("Signing secret").fill(secret);
  equal(await send("Order Completed", "m-3"), 401, "a wrong secret refuses");
  await refused.getByText("2", { exact: true }).waitFor();
  equal(await refused.getByLabel("Signing secret").inputValue(), secret, "what was typed");
  check(await page.evaluate(() => window.isSamePage === true), "the page was not loaded again");
  await Promise.all([
    page.waitForEvent("load"),
    refused.getByRole("button", { name: "Save and verify again" }).click(),
  ]);
  await page.waitForURL("**/e/development/sources/web/set-up");
  await page.getByRole("link", { name: "track/Order Completed" }).first().waitFor();
  equal(await page.getByRole("link", { name: "track/Order Completed" }).count(), 2, "recovered requests");
  await refused.waitFor({ state: "detached" });

  await page.evaluate(() => { window.isSamePage = true; });
  equal(await send(script, "m-4"), 200, "the right secret");
  await page.getByRole("link", { name: `track/${script}` }).waitFor();
  check(await page.evaluate(() => window.isSamePage === true), "the page was not loaded again");
  equal(await page.locator("main script").count(), 0, "scripts of an event");
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: `track/${script}` }).click();
  await page.waitForURL("**/e/development/logs/web/**");
}
