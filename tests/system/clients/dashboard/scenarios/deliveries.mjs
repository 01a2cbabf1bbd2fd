// Deliveries that were given up: found, explained, retried one by one and all at once, until they are delivered.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, script }) {
  const { page } = dashboard;
  /** Loads the page again until it shows a text. */
  const until = async (locator) => {
    const deadline = Date.now() + 30_000;
    while ((await locator.count()) === 0) {
      check(Date.now() < deadline, `${page.url()} does not show what it should`);
      await page.reload();
    }
  };
  await dashboard.signIn(token);
  await page.goto("/e/development/targets/crm");
  await page.getByText("The server gave up the last delivery").waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "Those that gave up" }).click();
  await page.waitForURL("**/e/development/deliveries?target=crm&status=dead");
  equal(await page.locator("[data-row]").count(), 3, "deliveries that were given up");
  await dashboard.checkAccessibility();

  await page.locator("[data-row-link]").first().click();
  const pane = page.locator("#pane");
  await pane.getByRole("heading", { name: "Attempts" }).waitFor();
  await pane.getByText("HTTP 400").first().waitFor();
  equal(await page.locator("main script").count(), 0, "scripts of an answer");
  check((await pane.innerText()).includes(script), "the answer is text");
  await dashboard.checkAccessibility();
  await pane.getByRole("button", { name: "Retry" }).click();
  await page.waitForURL("**/e/development/deliveries/*");
  await until(page.locator(".event-head").getByText("Delivered", { exact: true }));
  equal(await page.getByRole("button", { name: "Retry" }).count(), 0, "nothing to retry");
  await dashboard.checkAccessibility();

  await page.getByRole("link", { name: "order", exact: true }).click();
  await page.waitForURL("**/e/development/runs/*");
  await page.getByRole("heading", { name: "Recipients" }).waitFor();
  await dashboard.checkAccessibility();

  await page.goto("/e/development/deliveries?status=dead");
  await page.getByRole("link", { name: "Retry all…" }).click();
  await page.getByText("deliveries of this environment gave up.").waitFor();
  await page.getByLabel("Deliveries a second").fill("0");
  await page.getByRole("button", { name: "Count again" }).click();
  await page.locator(".field-error").waitFor();
  await page.getByLabel("Deliveries a second").fill("20");
  await page.getByRole("button", { name: "Count again" }).click();
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Retry 2" }).click();
  await page.waitForURL("**/~retry/progress?**");
  await page.getByText("All 2 were sent again.").waitFor();
  await dashboard.checkAccessibility();
  await page.goto("/e/development/deliveries?status=delivered");
  await until(page.locator("[data-row]").nth(2));
  await page.goto("/e/development/targets/crm");
  equal(await page.getByText("gave up the last delivery").count(), 0, "the target works again");

  // The overview: deliveries by target, and a chart that the keyboard and a table read too.
  await page.goto("/");
  const row = page.getByRole("row", { name: /^crm/ });
  equal(await row.locator("td[data-label=Delivered]").innerText(), "3", "deliveries that arrived");
  equal(await row.locator("td[data-label='Gave up']").innerText(), "0", "deliveries that were given up");
  await until(page.locator("svg.chart g[data-at]"));
  await page.locator("svg.chart g[tabindex='0']").focus();
  check(/Done: [1-3]/.test(await page.locator("[data-chart-value]").innerText()), "a bar says its value");
  await page.getByText("Show as a table").click();
  check(/Done/.test(await page.locator(".chart-table table").innerText()), "the values are in a table");
  await dashboard.checkAccessibility();

  // A marked test, whose result is shown in place.
  await page.goto("/e/development/targets/crm");
  await page.getByRole("textbox", { name: "Workflow", exact: true }).fill("");
  await page.getByRole("textbox", { name: "Workflow", exact: true }).fill("order");
  await page.getByRole("textbox", { name: /^For the user/ }).fill("nobody-knows");
  await page.getByRole("button", { name: "Send a test delivery" }).click();
  const result = page.locator("#test-result");
  await result.getByText("no test was sent").waitFor();
  await page.getByRole("textbox", { name: /^For the user/ }).fill("");
  await page.getByRole("button", { name: "Send a test delivery" }).click();
  await result.getByText("Delivered", { exact: true }).waitFor();
  await dashboard.checkAccessibility();
  await result.getByRole("link", { name: "The run of the test" }).click();
  await page.waitForURL("**/e/development/runs/*");
  await page.getByText("It cannot be cancelled").waitFor();
  await page.goto("/changes");
  await page.getByText("targets/crm").first().waitFor();
  await page.goto("/e/development/targets/crm");

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("An operator paused it.").waitFor();
}
