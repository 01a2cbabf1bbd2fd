// Failures that were prepared, each found from the overview by clicks alone: the page that the clicks lead to names the cause in
// words and offers its cure. Then the cures are carried out, until nothing needs attention.
import { check, equal } from "../harness.mjs";
import { Journey } from "../journey.mjs";

/** The clicks after which a stranger must know the cause. */
const MAX_CLICKS = 3;

export async function run(dashboard, { token, secret, receiver }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const item = (region, ...texts) =>
    texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole("region", { name: region }).getByRole("row"));
  const attention = (...texts) => item("Needs attention", ...texts);
  const withoutEffect = (...texts) => item("Without effect", ...texts);
  const main = page.getByRole("main");
  /** The first row of a list, which opens beside it. */
  const firstRow = () => page.locator("[data-row-link]").first();
  const pane = page.locator("#pane");

  const failures = [
    {
      name: "a wrong signing secret",
      found: attention("Billing", "Signature refused"), cause: /The signing secret is not the sender's/, cure: ["button", "Set secret"],
    },
    {
      name: "a URL that is nearly right",
      found: withoutEffect("Wrong URL"), cause: /The URL has a slash too many/, cure: ["link", "Choose the source"],
    },
    {
      name: "a payload that cannot be read",
      found: attention("Tracker", "Unreadable"), path: [firstRow], page: pane, cause: /JSON/, cure: ["button", "Run again"],
    },
    {
      name: "a mapping whose recipients point nowhere",
      found: attention("Shop", "action_failed"), path: [firstRow], page: pane, cause: /data\.missing/, cure: ["link", "mapping of track/Refunded"],
    },
    {
      name: "a user whom nobody identified",
      found: withoutEffect("Shop", "Nobody reached"), path: [firstRow], page: pane, cause: /u_stranger/, cure: ["link", "Identify users"],
    },
    {
      name: "a run without a target",
      found: withoutEffect("Not sent: no target"), cause: /No target takes the runs of this workflow/, cure: ["link", "Add target"],
    },
    {
      name: "a target that answers 500",
      found: attention("Shop", "delivery_dead"), first: ["link", "See the answers"], path: [firstRow], page: pane, cause: /HTTP 500/, cure: ["button", "Retry"],
    },
    {
      name: "a plugin that breaks off and is quarantined",
      found: attention("CRM", "quarantined"), cause: /The plugin failed on most requests and is not run now/, cure: ["link", "Use previous version…"],
    },
    {
      name: "an event type without a mapping",
      found: withoutEffect("Shop", "track/Viewed"), cause: /No mapping that is on matches these events/, cure: ["link", "Create mapping"],
    },
    {
      name: "a duplicate that is taken for a loss",
      first: ["link", "Shop"], path: [
        () => page.getByRole("link", { name: "View in development" }),
        () => page.getByRole("link", { name: "Logs", exact: true }).last(),
      ],
      page: main, cause: /Duplicate \(idempotent\)/, cure: ["link", "Duplicate (idempotent)"],
    },
  ];

  // Every item of the overview is there at once.
  await page.goto("/");
  await dashboard.checkAccessibility();
  equal(await page.locator("main script").count(), 0, "scripts in the overview");
  const journey = new Journey();
  for (const { name, found, first, path = [], page: shown, cause, cure: [role, label] } of failures) {
    await page.goto("/");
    journey.begin();
    if (first) await journey.click((found ?? main).getByRole(first[0], { name: first[1] }).first());
    else if (path.length > 0) await journey.click(found.getByRole("link").first());
    for (const step of path) await journey.click(step());
    const place = shown ?? found;
    await place.getByText(cause).first().waitFor();
    const offered = place.getByRole(role, { name: label }).or(place.locator("summary", { hasText: label })).first();
    await offered.waitFor();
    console.log(`${name}: ${journey.clicks} clicks, ${journey.seconds.toFixed(1)} s of machine time, at ${new URL(page.url()).pathname}`);
    check(journey.clicks <= MAX_CLICKS, `${name} takes ${journey.clicks} clicks`);
    await dashboard.checkAccessibility();
  }

  /** Waits until an item of the overview is gone: what is sent again, or run again, takes a moment. */
  const isGone = async (row) => {
    const deadline = Date.now() + 30_000;
    await page.goto("/");
    while ((await row.count()) > 0) {
      check(Date.now() < deadline, `it is still there: ${await row.first().innerText()}`);
      await page.reload();
    }
  };

  /** Presses the button of a form, and waits for the answer: who leaves before it takes the request back. */
  const press = async (button) => {
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await button.click();
    check((await answered).status() < 400, `the form answers ${(await answered).status()}`);
    await page.waitForLoadState();
  };

  // The secret is set, and the request recovered.
  await page.goto("/");
  const refused = attention("Billing", "Signature refused");
  await refused.getByText("Set secret").click();
  await refused.getByLabel("Signing secret").fill(secret);
  await press(refused.getByRole("button", { name: "Save and verify again" }));
  await isGone(refused);

  // What cannot be read is acknowledged.
  await press(attention("Tracker", "Unreadable").getByRole("button", { name: "Acknowledge" }));
  await isGone(attention("Tracker", "Unreadable"));

  // The sender of the URL that was nearly right has the right one now.
  await press(withoutEffect("Wrong URL").getByRole("button", { name: "Acknowledge" }));
  await isGone(withoutEffect("Wrong URL"));

  // The mapping is corrected from the event that failed, and the event runs again.
  await attention("Shop", "action_failed").getByRole("link").first().click();
  await firstRow().click();
  await pane.getByRole("link", { name: "mapping of track/Refunded" }).click();
  await page.getByRole("textbox", { name: "Recipients" }).fill("data.customer");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved.").waitFor();
  await page.goto("/");
  await press(attention("Shop", "action_failed").getByRole("button", { name: "Run again" }));
  await isGone(attention("Shop", "action_failed"));

  // A target is added for the runs that have none, those of the corrected mapping among them.
  await withoutEffect("Not sent: no target", "refund").waitFor();
  await withoutEffect("Not sent: no target", "order").getByRole("link", { name: "Add target" }).click();
  await page.getByRole("link", { name: /^Webhook/ }).click();
  await page.getByLabel("URL", { exact: true }).fill(receiver);
  await page.getByText("Workflows, limits and more").click();
  await page.getByLabel("Only these workflows").fill("order\nrefund");
  await page.getByRole("button", { name: "Add target" }).click();
  await page.waitForURL("**/e/development/targets/webhook");
  await isGone(withoutEffect("Not sent: no target"));

  // The target that answers 500 gets the right URL, and its deliveries are retried.
  await page.goto("/e/development/targets/crm/edit");
  await page.getByLabel("URL", { exact: true }).fill(receiver);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForURL("**/e/development/targets/crm");
  await page.goto("/");
  await attention("Shop", "delivery_dead").getByRole("link", { name: "Retry deliveries" }).click();
  await page.getByRole("button", { name: /^Retry \d/ }).click();
  await page.waitForURL("**/deliveries/~retry/progress?**");
  await page.goto("/");
  await isGone(attention("Shop", "delivery_dead"));

  // The plugin's previous version is used, and all that waited or broke off runs again, one cause right after the other.
  await attention("CRM", "quarantined").getByRole("link", { name: "Use previous version…" }).click();
  const rollBack = page.getByRole("button", { name: /^Roll back to 1.0.0/ });
  await rollBack.click();
  await page.getByText("it verifies in another way than is in force").waitFor();
  await page.getByLabel("I have looked at it: take what differs").check();
  await press(rollBack);
  for (const code of ["quarantined", "trap"]) {
    if ((await attention("CRM", code).count()) === 0) continue;
    await press(attention("CRM", code).getByRole("button", { name: "Run again" }));
  }
  for (const code of ["quarantined", "trap"]) await isGone(attention("CRM", code));

  // The type gets a mapping.
  await withoutEffect("Shop", "track/Viewed").getByRole("link", { name: "Create mapping" }).click();
  await page.getByLabel("Workflow", { exact: true }).fill("order");
  await page.getByRole("button", { name: "Create, switched off" }).click();
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.waitForURL("**/mappings");
  await isGone(withoutEffect("Shop", "track/Viewed"));

  await page.getByText("Nothing needs attention.").waitFor();
  await dashboard.checkAccessibility();
}
