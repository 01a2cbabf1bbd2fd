// From an empty directory to a first delivered event by the dashboard alone, with the steps and the seconds that it takes. One
// signed webhook comes from outside; everything else is a click or a field.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { check, equal } from "../harness.mjs";
import { Journey } from "../journey.mjs";
import { Server } from "../server.mjs";

export async function run(dashboard, { binary, directory, receiver, env }) {
  const journey = new Journey();
  const server = await Server.start({ binary, directory, env });
  const started = journey.seconds;
  await dashboard.at(server.base);
  const { page, context } = dashboard;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/");
  await journey.fill(page.getByLabel("Management token"), await server.token());
  await journey.click(page.getByRole("button", { name: "Sign in" }));

  // A source, with what its plugin suggests ticked.
  await journey.click(page.getByRole("main").getByRole("link", { name: "Create a source" }));
  await journey.click(page.getByRole("link", { name: /^Segment/ }).first());
  check(await page.getByLabel(/identify.*a user of the environment/).isChecked(), "users are identified unless it is unticked");
  await journey.click(page.getByRole("button", { name: "Create source" }));
  await page.getByText("Waiting for the first event").waitFor();
  await dashboard.checkAccessibility();

  // Its URL and its secret.
  const secret = "first-secret-of-the-platform";
  await journey.click(page.getByRole("button", { name: "Copy the endpoint's URL" }));
  const url = await dashboard.copied();
  await journey.fill(page.getByLabel("Secret", { exact: true }), secret);
  await Promise.all([page.waitForEvent("load"), journey.click(page.getByRole("button", { name: "Save the secret" }))]);

  // A target, and back.
  await journey.click(page.getByRole("link", { name: "Add target" }));
  await journey.click(page.getByRole("link", { name: /^Webhook/ }));
  equal(await page.getByLabel("Identifier").inputValue(), "webhook", "a free identifier");
  await journey.fill(page.getByLabel("URL", { exact: true }), receiver);
  await journey.click(page.getByRole("button", { name: "Add target" }));
  await page.waitForURL("**/e/development/sources/segment/set-up");

  // The webhook, signed by a sender of its own, and seen as it arrives.
  await page.evaluate(() => { window.isSamePage = true; });
  const body = JSON.stringify({
    type: "track", event: "Order Completed", messageId: "first-1", userId: "u_1",
    properties: { order_id: "o-1", total: 12.5, customer: { id: "u_1", email: "ana@example.com" } },
  });
  const signature = createHmac("sha1", secret).update(body).digest("hex");
  const headers = ["content-type: application/json", `x-signature: ${signature}`].flatMap((header) => ["-H", header]);
  const answer = execFileSync("curl", ["-sS", "--fail-with-body", url, ...headers, "--data-binary", body], { encoding: "utf8" });
  equal(JSON.parse(answer).events.length, 1, `the answer to the webhook: ${answer}`);
  const row = page.getByRole("list", { name: "Newest events" }).getByRole("listitem").filter({ hasText: "track/Order Completed" });
  await row.getByText("No action").waitFor();
  check(await page.evaluate(() => window.isSamePage === true), "the page was not loaded again");
  const arrived = journey.seconds;

  // A mapping, clicked together from the event, switched on, and back.
  await journey.click(row.getByRole("link", { name: "Create mapping" }));
  await journey.fill(page.getByLabel("Workflow", { exact: true }), "order-confirmation");
  await journey.click(page.getByRole("textbox", { name: "Recipients" }));
  await journey.click(page.locator('#sample button[data-path="data.customer"]'));
  await journey.click(page.getByRole("button", { name: "Create, switched off" }));
  await page.getByText("would have triggered 1 run for 1 recipient").waitFor();
  await journey.click(page.getByRole("button", { name: "Switch on" }));
  await page.waitForURL("**/e/development/sources/segment/set-up");

  // The event that came before runs again, and the page of the new one shows its delivery by itself.
  await journey.click(row.getByRole("button", { name: "Run again" }));
  await page.waitForURL("**/e/development/logs/segment/*");
  await page.locator(".event-head").getByText("Done (delivered 1/1)").waitFor();
  const { clicks, fields, seconds, estimatedSeconds } = journey;
  await page.locator("#deliveries").getByText("Delivered").first().waitFor();
  await dashboard.checkAccessibility();
  console.log(
    `first delivered event: ${clicks + fields} steps (${clicks} clicks, ${fields} fields); machine time ${seconds.toFixed(1)} s ` +
    `(server ready after ${started.toFixed(1)} s, event seen after ${arrived.toFixed(1)} s); ` +
    `estimate for a person, not measured: ${Math.round(estimatedSeconds)} s`,
  );
  check(clicks + fields <= 22, `it takes ${clicks + fields} steps`);
  await server.stop();
}
