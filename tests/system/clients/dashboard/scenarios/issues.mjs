// Issues: failures of one mapping are one issue whose count grows; it is acknowledged, resolved, comes again, and is muted.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, reader, event, endpoint, failing }) {
  const { page } = dashboard;
  const main = page.locator("main");
  const rows = page.locator("[data-row]");
  await dashboard.signIn(reader);
  await page.goto("/e/development/issues");
  equal(await rows.count(), 1, "issues");
  await rows.first().getByRole("link").click();
  await page.locator("#pane .issue").waitFor();
  equal(await page.locator("#pane form").count(), 0, "buttons that a reader may not use");
  await dashboard.context.clearCookies();

  await dashboard.signIn(token);
  await page.goto("/e/development/issues");
  check((await rows.first().innerText()).includes(`mapping of ${event}`), "the row names the mapping");
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  await dashboard.checkAccessibility();
  const send = async () => {
    const answer = await fetch(endpoint, { method: "POST", body: failing });
    equal(answer.status, 200, "a failed event");
  };
  await send();
  await page.reload();
  equal(await rows.count(), 1, "issues after another failure");
  check((await rows.first().innerText()).includes("4"), "the count grows");

  // Acknowledging empties what needs attention.
  await page.goto(await rows.first().getByRole("link").getAttribute("href"));
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await main.getByText("Its failures are counted, and need no attention.").waitFor();
  await page.goto("/");
  await page.getByText("Nothing needs attention.").waitFor();

  // Resolving it, and another failure.
  await page.goto("/e/development/issues");
  await page.getByRole("heading", { name: "No open issues" }).waitFor();
  await page.getByRole("link", { name: "Acknowledged 1" }).click();
  await page.waitForURL("**state=acknowledged");
  await page.goto(await rows.first().getByRole("link").getAttribute("href"));
  await page.getByRole("button", { name: "Resolve" }).click();
  await main.getByText("Another failure with this cause opens it again.").waitFor();
  equal(await page.getByRole("button", { name: "Acknowledge" }).count(), 0, "nothing to acknowledge");
  await send();
  await page.goto("/e/development/issues");
  equal(await rows.count(), 1, "it is open again");
  check((await rows.first().innerText()).includes("came again once"), "the row says so");

  // The last event, its cure, and a mute.
  await page.goto(await rows.first().getByRole("link").getAttribute("href"));
  await page.getByRole("button", { name: "Mute" }).click();
  await main.getByText(/Muted since .*, until/).waitFor();
  await page.getByRole("button", { name: "Reopen" }).click();
  await main.getByText(/Open since/).waitFor();
  await page.getByRole("link", { name: "the last one" }).click();
  await page.waitForURL("**/e/development/logs/shop/**");
  check((await main.innerText()).includes("Failed"), "the last event of the issue");
  await page.goto("/e/development/issues/4711");
  await page.getByText('there is no issue "4711"').waitFor();
}
