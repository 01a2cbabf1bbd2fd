// Every main page, light and wide, then dark and as narrow as a phone; the keys, the zone of times, and the copied command.
import { execFileSync } from "node:child_process";
import { check, equal } from "../harness.mjs";

const ENVIRONMENT = "/e/development";
const SOURCE = `${ENVIRONMENT}/sources/shop`;
const PATHS = [
  "/", "/sources", "/sources/shop", "/sources/new", "/sources/new?platform=segment", "/sources/shop/compare?from=development&to=production",
  `${SOURCE}/set-up`, `${SOURCE}/events`, `${SOURCE}/mappings`, `${SOURCE}/mappings/new?event_type=track%2FPaid`,
  `${SOURCE}/logs?needs_attention=false`, `${SOURCE}/refused`, `${SOURCE}/settings`, `${SOURCE}/try`, `${SOURCE}/logs/replays/new`,
  `${ENVIRONMENT}/logs`, `${ENVIRONMENT}/actions`, `${ENVIRONMENT}/issues`, `${ENVIRONMENT}/workflows`, `${ENVIRONMENT}/workflows/receipt`,
  `${ENVIRONMENT}/users`, `${ENVIRONMENT}/users/u_1`, `${ENVIRONMENT}/objects`, `${ENVIRONMENT}/runs`, `${ENVIRONMENT}/deliveries`,
  `${ENVIRONMENT}/deliveries/~retry?status=dead`, `${ENVIRONMENT}/targets`, `${ENVIRONMENT}/targets/crm`, `${ENVIRONMENT}/targets/crm/edit`,
  `${ENVIRONMENT}/targets/~new`, "/search?q=nobody", "/plugins", "/plugins/segment", "/changes", "/system", "/settings/environments",
  "/settings/tokens", "/settings/keys", "/settings/variables", "/settings/retention", "/settings/privacy",
];
/** Lists whose first row is a page of its own. */
const LISTS = [
  `${SOURCE}/logs?outcome=executed&needs_attention=false`, `${SOURCE}/logs?outcome=rejected`, `${SOURCE}/mappings`,
  `${ENVIRONMENT}/issues`, `${ENVIRONMENT}/runs`, `${ENVIRONMENT}/deliveries`,
];

export async function run(dashboard, { token, endpoint }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const paths = [...PATHS];
  for (const list of LISTS) {
    await page.goto(list);
    paths.push(await page.locator("a[data-row-link]").first().getAttribute("href"));
  }

  for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 844 });
    for (const path of paths) {
      const answer = await page.goto(path);
      check(answer.status() < 400, `${path} is answered ${answer.status()}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      check(overflow <= 0, `${path} is not wider than ${width} px: ${overflow} px too wide`);
      await dashboard.checkAccessibility();
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 900 });

  // The rows, and the event of a row.
  await page.goto(`${ENVIRONMENT}/logs`);
  const current = () => page.locator("[data-row]").evaluateAll((rows) => rows.findIndex((row) => row.classList.contains("is-current")));
  for (const [key, expected] of [["j", 0], ["j", 1], ["k", 0]]) {
    await page.keyboard.press(key);
    equal(await current(), expected, `the row after ${key}`);
  }
  await page.keyboard.press("r");
  await page.locator("#pane [data-replay]:focus").waitFor();
  equal(new URL(page.url()).pathname, `${ENVIRONMENT}/logs`, "the event is only shown");
  await page.keyboard.press("Escape");
  await page.locator("#pane").waitFor({ state: "hidden" });

  // The search, a place, the list of keys, and a command of the palette.
  await page.keyboard.press("/");
  check(await page.locator("[data-search]").evaluate((field) => field === document.activeElement), "/ leads to the search");
  await page.goto("/sources");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.waitForURL("**/settings/environments");
  await page.keyboard.press("?");
  equal(await page.locator("#shortcuts .places span").count(), await page.locator(".sidebar [data-go]").count(), "the letters of places");
  await dashboard.checkAccessibility();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("create sou");
  check(await page.locator("#palette input").evaluate((field) => getComputedStyle(field).outlineStyle !== "none"), "the focus is seen");
  await dashboard.checkAccessibility();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sources/new");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("theme: dark");
  await page.keyboard.press("Enter");
  await page.locator('html[data-theme="dark"]').waitFor();

  // Times are those of the browser, and say zone and UTC on hover.
  const storageState = await dashboard.context.storageState();
  const abroad = await dashboard.browser.newContext({ baseURL: dashboard.base, timezoneId: "Asia/Tokyo", storageState });
  const tokyo = await dashboard.newPage(abroad);
  await tokyo.goto(paths[PATHS.length]);
  const time = tokyo.locator("main time[data-local]").first();
  const [title, shown, iso] = await time.evaluate((element) => [element.title, element.textContent, element.dateTime]);
  const expected = new Date(Date.parse(iso) + 9 * 3600 * 1000).toISOString().slice(0, 19).replace("T", " ");
  equal(shown, expected, "a time in Tokyo");
  check(title.includes("Asia/Tokyo") && title.includes("UTC"), `zone and UTC on hover: ${title}`);
  await abroad.close();

  // The copied command sends the item again.
  await page.goto(paths[PATHS.length]);
  const command = await page.getByRole("button", { name: "Copy as curl" }).getAttribute("data-copy");
  const answer = execFileSync("bash", ["-c", command], { env: { ...process.env, ENDPOINT: endpoint }, encoding: "utf8" });
  check(answer.includes('"outcome"'), `the endpoint takes the item: ${answer}`);
}
