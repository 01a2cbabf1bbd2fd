// A mapping is clicked together from a sample event, previewed and switched on; a signed webhook then makes its run and its
// delivery. Two pages edit it, and the second sees the conflict. Without the script the paths can be copied.
import { createHmac } from "node:crypto";
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, hostile, endpoint, secret, event }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const main = page.locator("main");
  const list = "/e/development/sources/shop/mappings";
  await page.goto(list);
  await page.getByText("No mappings yet").waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "Create a mapping" }).click();
  await page.waitForURL("**/mappings/new");

  // The sample follows the event type, and a click puts a path into the field that had the focus.
  const preview = page.locator("#preview");
  const sample = page.locator("#sample");
  await page.getByLabel("Event type").fill(event);
  await page.getByLabel("Event type").press("Tab");
  const pick = (path) => sample.locator(`button[data-path=${JSON.stringify(path)}]`).first();
  await pick("data.customer").waitFor();
  equal(await sample.locator("script").count(), 0, "scripts in the sample");
  check((await sample.innerText()).includes(hostile), "a hostile name stays text");
  await page.getByLabel("Workflow", { exact: true }).fill("receipt");
  const recipients = page.getByRole("textbox", { name: "Recipients" });
  await recipients.focus();
  await pick("data.customer").click();
  equal(await recipients.inputValue(), "data.customer", "the path in the field");
  check(await recipients.evaluate((field) => field === document.activeElement), "the field has the focus again");

  // By the keyboard, into a row, which gets its name too.
  const value = page.getByLabel("Data: value").first();
  await value.focus();
  await pick("data.total").focus();
  await page.keyboard.press("Enter");
  equal(await value.inputValue(), "data.total", "the path in the row");
  equal(await page.getByLabel("Data: name").first().inputValue(), "total", "the name of the row");
  await page.getByRole("button", { name: "+ Another" }).last().click();
  equal(await page.getByLabel("Data: name").count(), 2, "rows");

  // The preview follows.
  await preview.getByText("It applies to 3 of 3 events").waitFor();
  await preview.getByText("20.00").first().waitFor();
  equal(await preview.locator("script").count(), 0, "scripts in the preview");
  await dashboard.checkAccessibility();
  await page.getByLabel("Condition: field").first().fill("data.total");
  await page.getByLabel("Condition: operator").first().selectOption("$gte");
  await page.getByLabel("Condition: value").first().fill("20");
  await preview.getByText("It applies to 1 of 3 events").waitFor();
  await page.getByLabel("Condition: field").first().fill("");
  await page.getByLabel("Workflow", { exact: true }).fill("");
  await preview.getByText("Not complete yet").waitFor();
  await page.getByRole("button", { name: "Create, switched off" }).click();
  await page.locator(".field-error").waitFor();
  equal(await recipients.inputValue(), "data.customer", "the form keeps what was entered");
  await dashboard.checkAccessibility();
  await page.getByLabel("Workflow", { exact: true }).fill("receipt");

  // As JSON and back.
  await page.getByRole("button", { name: "Write as JSON" }).click();
  const json = page.getByLabel("Parameters, as JSON");
  await json.waitFor();
  equal(JSON.parse(await json.inputValue()), { key: "receipt", recipients: "data.customer", data: { total: "data.total" } }, "the JSON");
  await page.getByRole("button", { name: "Use fields" }).click();
  await recipients.waitFor();
  equal(await recipients.inputValue(), "data.customer", "the field again");

  // The effect is said before it is switched on.
  await page.getByRole("button", { name: "Create, switched off" }).click();
  await page.waitForURL("**/switch");
  await page.getByText("would have triggered 3 runs for 1 recipient").waitFor();
  await page.getByText("Looked at all 3 events").waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.waitForURL(`**${list}`);
  const row = page.getByRole("row", { name: event });
  check((await row.innerText()).includes("On"), "the mapping is on");
  check((await main.innerText()).includes("in this order"), "the list says its order");
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  await dashboard.checkAccessibility();

  // A signed webhook, its run and its delivery.
  const body = JSON.stringify({ type: "track", event: event.replace("track/", ""), messageId: "m-live", userId: "u_1", properties: { customer: "u_1", total: 99 } });
  const headers = { "x-signature": createHmac("sha1", secret).update(body).digest("hex"), "content-type": "application/json" };
  const answer = await fetch(endpoint, { method: "POST", headers, body });
  equal(answer.status, 200, "the webhook");
  const { events } = await answer.json();
  const entry = `/e/development/logs/shop/${events[0].id}`;
  await page.goto(entry);
  for (let tries = 0; tries < 600 && !(await main.innerText()).includes("delivered 1/1"); tries += 1) {
    await page.waitForTimeout(50);
    await page.goto(entry);
  }
  check((await main.innerText()).includes("delivered 1/1"), "the run was delivered");

  // Two pages edit it; the second one sees both versions.
  await page.goto(list);
  await page.getByRole("row", { name: event }).getByRole("link", { name: event, exact: true }).click();
  await page.waitForURL(/mappings\/[0-9a-f-]{36}$/);
  const other = await dashboard.newPage();
  await other.goto(page.url());
  await other.getByLabel("Workflow", { exact: true }).fill("theirs");
  await other.getByRole("button", { name: "Save", exact: true }).click();
  await other.getByText("Saved.").waitFor();
  await page.getByLabel("Workflow", { exact: true }).fill("mine");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "Changed in the meantime" }).waitFor();
  const marked = page.locator(".json-row.is-marked");
  equal(await marked.count(), 2, "the values that differ");
  check((await marked.allInnerTexts()).join().match(/mine.*theirs/s), "both versions are there");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Keep mine" }).click();
  await page.getByText("Saved.").waitFor();
  equal(await page.getByLabel("Workflow", { exact: true }).inputValue(), "mine", "mine is saved");
  await other.getByLabel("Workflow", { exact: true }).fill("later");
  await other.getByRole("button", { name: "Save", exact: true }).click();
  await other.getByRole("link", { name: "Take theirs" }).click();
  equal(await other.getByLabel("Workflow", { exact: true }).inputValue(), "mine", "theirs is shown");

  // Without the script.
  const plain = await dashboard.browser.newContext({ baseURL: dashboard.base, javaScriptEnabled: false, storageState: await dashboard.context.storageState() });
  const without = await dashboard.newPage(plain);
  await without.goto(new URL(other.url()).pathname);
  check(await without.locator("#sample .json-path", { hasText: "data.customer" }).first().isVisible(), "a path can be copied");
  await without.getByRole("button", { name: "Preview", exact: true }).click();
  check((await without.locator("main").innerText()).includes("It applies to 4 of 4 events"), "the preview is a page");
  await without.getByRole("button", { name: "Back to the form" }).click();
  equal(await without.getByLabel("Workflow", { exact: true }).inputValue(), "mine", "the form is back");
  await plain.close();

  // A phone, in the dark.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const path of [list, new URL(other.url()).pathname]) {
    await page.goto(path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(overflow <= 0, `${path} is not wider than a phone: ${overflow} px too wide`);
    await dashboard.checkAccessibility();
  }

  // A switch and a deletion are of the mapping that was shown.
  const shown = new URL(other.url()).pathname;
  const saveElsewhere = async (workflow) => {
    await other.goto(shown);
    await other.getByLabel("Workflow", { exact: true }).fill(workflow);
    await other.getByRole("button", { name: "Save", exact: true }).click();
    await other.getByText("Saved.").waitFor();
  };
  await page.goto(`${shown}/switch`);
  await saveElsewhere("newer");
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByText("so it was not switched").waitFor();
  await page.goto(shown);
  await saveElsewhere("newest");
  await page.locator("summary", { hasText: "Delete" }).click();
  await page.getByRole("textbox", { name: "to confirm" }).fill(event);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("so it is not deleted").waitFor();

  // Deleted, once its type is typed.
  await page.locator("summary", { hasText: "Delete" }).click();
  await page.getByRole("textbox", { name: "to confirm" }).fill(event);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("No mappings yet").waitFor();
}
