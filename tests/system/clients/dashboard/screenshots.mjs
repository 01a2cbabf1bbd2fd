// Takes pictures of the main pages, light and dark, 1280 and 390 pixels wide:
//   node dashboard/screenshots.mjs BASE TOKEN DIRECTORY [PATH…]
import { mkdirSync } from "node:fs";
import { Dashboard } from "./harness.mjs";

const PATHS = [
  "/sign-in", "/", "/sources", "/sources/segment", "/sources/segment/compare?from=development&to=production", "/sources/new",
  "/sources/new?platform=segment", "/e/production/sources/segment/set-up",
  "/e/development/sources/segment/events", "/e/development/sources/segment/events/type?event=track%2FOrder+Completed",
  "/e/development/sources/segment/mappings", "/e/development/sources/segment/mappings/new?event_type=track%2FOrder+Completed",
  "/e/development/sources/segment/logs?needs_attention=false", "/e/development/sources/segment/settings",
  "/e/development/sources/segment/try", "/e/development/logs", "/e/development/sources/http/logs/replays/new",
  "/e/development/actions", "/e/development/issues", "/e/development/workflows", "/e/development/users", "/e/development/objects",
  "/e/development/runs", "/e/development/deliveries", "/e/development/targets", "/e/development/targets/~new",
  "/e/development/targets/~new/webhook", "/search?q=u_1", "/plugins", "/plugins/segment", "/changes", "/system",
  "/settings/environments", "/settings/tokens", "/settings/keys", "/settings/variables", "/settings/retention", "/settings/privacy",
];
/** Pages that a list leads to: a list, and the name of the picture. */
const FIRST_OF = [
  ["/e/development/logs?source=segment&outcome=executed&event=Order+Completed", "event"],
  ["/e/development/logs?source=http&outcome=failed", "event-failed"],
  ["/e/development/sources/segment/mappings", "mapping"],
];

const [base, token, directory, ...paths] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    const dashboard = await Dashboard.open(base, { width, height: width === 390 ? 844 : 900, colorScheme });
    const shoot = async (path, title) => {
      const name = title ?? (path.replace(/^\//, "").replaceAll(/[^a-z0-9]+/gi, "-") || "overview");
      await dashboard.page.goto(path, { waitUntil: "load" });
      await dashboard.page.screenshot({ path: `${directory}/${name}-${colorScheme}-${width}.png` });
    };
    await shoot("/sign-in");
    await dashboard.signIn(token);
    for (const path of paths.length > 0 ? paths : PATHS.slice(1)) await shoot(path);
    for (const [list, title] of paths.length > 0 ? [] : FIRST_OF) {
      await dashboard.page.goto(list);
      const first = dashboard.page.locator("[data-row-link]").first();
      if ((await first.count()) > 0) await shoot(await first.getAttribute("href"), title);
    }
    for (const problem of await dashboard.close()) console.error(problem);
  }
}
