// An example is previewed and sent for real; wrong input stays in the form; in production it is asked first.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, hostile }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const main = page.locator("main");
  const result = page.locator("#result");
  await page.goto("/e/development/sources/shop/try");
  await page.getByLabel("Example of the plugin").selectOption("identify");
  await page.getByRole("button", { name: "Fill in" }).click();
  const body = page.getByLabel("Body");
  check(JSON.parse(await body.inputValue()).type === "identify", "the example fills the form");
  check(await page.getByLabel("Sign it with the source").isChecked(), "a source with a secret signs");
  await dashboard.checkAccessibility();

  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("heading", { name: "What would come of it" }).waitFor();
  check((await result.innerText()).includes("Verified"), "the preview was signed");
  await dashboard.checkAccessibility();
  await page.goto("/e/development/sources/shop/events");
  await page.getByText("No events yet").waitFor();

  // One's own payload, with a hostile name, and wrong input.
  await page.goto("/e/development/sources/shop/try");
  const own = { type: "track", event: hostile, messageId: "m-1", userId: "u_1", properties: { [hostile]: hostile } };
  await body.fill(JSON.stringify(own));
  await page.getByLabel("Headers").fill("no colon here");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("line 1 has no colon").waitFor();
  equal(JSON.parse(await body.inputValue()), own, "the form keeps what was entered");
  await dashboard.checkAccessibility();
  await page.getByLabel("Headers").fill("");
  await page.getByRole("button", { name: "Send for real" }).click();
  await page.getByRole("heading", { name: "Sent" }).waitFor();
  check((await result.innerText()).includes("HTTP 200"), "the answer");
  equal(await page.locator("main script").count(), 0, "scripts in the result");
  await dashboard.checkAccessibility();
  await result.getByRole("link", { name: `track/${hostile}` }).click();
  await page.getByRole("heading", { name: `track/${hostile}` }).waitFor();
  check((await main.innerText()).includes("Verified"), "it was signed like one of the platform");

  // An empty body stays empty.
  await page.goto("/e/development/sources/shop/try");
  await body.fill("");
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Preview" }).click()]);
  equal(await body.inputValue(), "", "the empty body");

  // Without a signature it is refused, as from anybody.
  await page.goto("/e/development/sources/shop/try");
  await page.getByLabel("Sign it with the source").uncheck();
  await page.getByRole("button", { name: "Send for real" }).click();
  await page.getByText("Its signature was refused").waitFor();

  // Production asks first.
  await page.goto("/e/production/sources/shop/try");
  await page.getByRole("button", { name: "Send for real" }).click();
  await page.getByText("production reaches real people").waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Send it for real in production" }).click();
  await page.getByRole("heading", { name: "Sent" }).waitFor();

  // A phone, in the dark.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/e/development/sources/shop/try");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  check(overflow <= 0, `the page is not wider than a phone: ${overflow} px too wide`);
  await dashboard.checkAccessibility();
}
