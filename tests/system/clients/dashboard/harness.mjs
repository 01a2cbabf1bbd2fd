// Runs one scenario of the dashboard in Chromium:  node dashboard/run.mjs SCENARIO BASE TOKEN [JSON]
// A scenario fails on a message of the console, a violation of the content security policy, an exception of a page, a request
// to elsewhere, and on what axe-core calls serious.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

/** Console messages of the browser about answers that a scenario asks for, such as a refused form. */
const EXPECTED_STATUSES = /Failed to load resource: the server responded with a status of (401|403|404|409|412|422|429)/;

/** Chromium without the parts that draw on a screen, which cost each scenario seconds. */
const EXECUTABLE = "/usr/bin/chromium-headless-shell";

export class Dashboard {
  static async open(base, { width = 1280, height = 900, colorScheme = "light" } = {}) {
    const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
    const dashboard = new Dashboard(browser, { viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
    await dashboard.at(base);
    return dashboard;
  }

  constructor(browser, options) {
    Object.assign(this, { browser, options, problems: [] });
  }

  /** Begins as a new visitor of a server. */
  async at(base) {
    await this.context?.close();
    this.base = base;
    this.context = await this.browser.newContext({ ...this.options, baseURL: base });
    this.context.setDefaultTimeout(60_000);
    this.page = await this.newPage();
  }

  /** A page whose problems are collected. */
  async newPage(context = this.context) {
    const page = await context.newPage();
    page.on("console", (message) => {
      const isProblem = ["error", "warning"].includes(message.type()) && !EXPECTED_STATUSES.test(message.text());
      if (isProblem) this.problems.push(`console at ${page.url()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.problems.push(`exception at ${page.url()}: ${error}`));
    page.on("dialog", async (dialog) => {
      this.problems.push(`dialog at ${page.url()}: ${dialog.message()}`);
      await dialog.dismiss();
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(this.base) && !url.startsWith("data:")) this.problems.push(`request to elsewhere: ${url}`);
    });
    return page;
  }

  async signIn(token, page = this.page) {
    await page.goto("/sign-in");
    await page.getByLabel("Management token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  }

  /** What a button of the page copied, once it is in the clipboard, which was empty before. */
  async copied(page = this.page) {
    const text = await page.waitForFunction(() => navigator.clipboard.readText());
    return text.jsonValue();
  }

  /** Fails the scenario if axe-core finds something serious on the page. */
  async checkAccessibility(page = this.page) {
    let serious = [];
    // What waits for an answer is dimmed for a moment, so what is found once is looked for again.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await page.locator(".htmx-request").first().waitFor({ state: "detached" });
      // In the page itself, because no page has frames: a second page to collect what frames found costs as much as the analysis.
      const analysis = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
      serious = (await analysis.analyze()).violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      if (serious.length === 0) return;
      await page.waitForTimeout(300);
    }
    for (const { id, impact, nodes } of serious) {
      const where = nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join("\n    ");
      this.problems.push(`axe at ${page.url()}: ${id} (${impact})\n    ${where}`);
    }
  }

  async close() {
    await this.browser.close();
    return this.problems;
  }
}

export function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function equal(found, expected, what) {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: found ${a}, expected ${b}`);
}
