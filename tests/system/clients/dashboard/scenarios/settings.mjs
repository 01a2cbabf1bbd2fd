// Tokens and keys that are shown once, a token of one environment, variables with a conflict, retention, and privacy.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, source, script }) {
  const { page } = dashboard;
  const main = page.locator("main");
  await dashboard.signIn(token);

  await page.goto("/settings/tokens");
  await dashboard.checkAccessibility();
  await page.getByLabel("Name").fill(script);
  await page.getByRole("checkbox", { name: /^read/ }).uncheck();
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByText("name at least one scope").waitFor();
  equal(await page.getByLabel("Name").inputValue(), script, "the form keeps what was entered");
  await dashboard.checkAccessibility();
  await page.getByRole("checkbox", { name: /^operate/ }).check();
  await page.getByRole("checkbox", { name: "Development" }).check();
  await page.getByLabel("Ends").selectOption("30");
  await page.getByRole("button", { name: "Create token" }).click();
  const secret = await page.locator(".shown-once code").innerText();
  check(secret.startsWith("im_"), "the secret is shown");
  equal(await page.locator(".shown-once [data-copy]").getAttribute("data-copy"), secret, "the secret can be copied");
  equal(await page.locator("main script").count(), 0, "scripts in the page");
  await dashboard.checkAccessibility();
  await page.goto("/settings/tokens");
  check(!(await page.content()).includes(secret), "the secret is shown once");
  check((await main.innerText()).includes(secret.slice(-4)), "its end is shown");

  // Who signs in with it sees nothing of the other environment.
  const context = await dashboard.browser.newContext({ baseURL: dashboard.base });
  const other = await dashboard.newPage(context);
  await dashboard.signIn(secret, other);
  for (const path of ["/", "/sources", "/plugins", "/plugins/http", "/changes", "/settings/tokens", "/settings/keys", "/settings/variables", "/settings/retention", "/settings/privacy"]) {
    const answer = await other.goto(path);
    if (answer.status() === 404) continue;
    const html = await other.content();
    check(!html.toLowerCase().includes("production"), `${path} shows nothing of production`);
    check(html.includes("evelopment"), `${path} is shown`);
  }
  equal(await other.getByRole("button", { name: "Save" }).count(), 0, "buttons that would be refused");
  for (const place of ["keys", "variables", "retention", "privacy"]) {
    equal((await other.goto(`/settings/${place}?environment=production`)).status(), 404, `${place} of production`);
  }
  await context.close();

  await page.goto("/settings/keys?environment=development");
  await page.getByRole("button", { name: "Create an API key for Development" }).click();
  const key = await page.locator(".shown-once code").innerText();
  check(key.startsWith("sk_"), "the key is shown");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: `Make a write key for ${source}` }).click();
  await page.getByText(`The write key of ${source} in Development`).waitFor();
  const writeKey = await page.locator(".shown-once code").innerText();
  await page.goto("/settings/keys?environment=development");
  const html = await page.content();
  check(!html.includes(key) && !html.includes(writeKey), "keys are shown once");
  await page.getByRole("row", { name: `sk_…${key.slice(-4)}` }).locator("summary").click();
  await page.getByLabel(`Type ${key.slice(-4)} to confirm`).fill(key.slice(-4));
  await page.getByRole("row", { name: `sk_…${key.slice(-4)}` }).getByRole("button", { name: "Delete" }).click();
  await page.getByText("No key yet").waitFor();

  // A variable, a secret one that is never shown, and a change from an old page.
  await page.goto("/settings/variables?environment=development");
  await page.getByLabel("Name").fill("1st");
  await page.getByLabel("Value").fill("EUR");
  await page.getByRole("button", { name: "Create variable" }).click();
  await page.locator(".field-error, .notice-failed").first().waitFor();
  await dashboard.checkAccessibility();
  await page.getByLabel("Name").fill("CURRENCY");
  await page.getByLabel("Value").fill(script);
  await page.getByRole("button", { name: "Create variable" }).click();
  await page.getByRole("row", { name: "CURRENCY" }).waitFor();
  await page.getByLabel("Name").fill("PASSWORD");
  await page.getByLabel("Kind").selectOption("secret");
  await page.getByLabel("Value").fill("s3cr3t-value");
  await page.getByRole("button", { name: "Create variable" }).click();
  await page.getByText("secret, never shown").waitFor();
  check(!(await page.content()).includes("s3cr3t-value"), "a secret value is never shown");
  await page.getByRole("link", { name: "Edit CURRENCY" }).click();
  await page.getByRole("heading", { name: "Change CURRENCY" }).waitFor();
  const late = await dashboard.newPage();
  await late.goto(page.url());
  await page.getByLabel("Value").fill("USD");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: "CURRENCY USD" }).waitFor();
  await late.getByLabel("Value").fill("CHF");
  await late.getByRole("button", { name: "Save" }).click();
  await late.locator(".notice-failed").waitFor();
  equal(await late.getByLabel("Value").inputValue(), "CHF", "what was entered stays");
  await dashboard.checkAccessibility(late);

  await page.goto("/settings/retention?environment=development");
  await dashboard.checkAccessibility();
  await page.getByLabel("Days that logs are kept").fill("9999");
  await page.getByRole("button", { name: "Save for Development" }).click();
  await page.locator(".field-error").waitFor();
  await page.getByLabel("Days that logs are kept").fill("14");
  await page.getByLabel("Days that bodies are kept").fill("7");
  await page.getByLabel("Bodies are kept", { exact: true }).selectOption("failures");
  await page.getByRole("button", { name: "Save for Development" }).click();
  // What is deleted by it is said, and the environment must be typed.
  equal(await page.locator("main li", { hasText: /older than (14|7) days|neither failed/ }).count(), 3, "what is deleted");
  await page.getByText("Save and delete…").click();
  await dashboard.checkAccessibility();
  await page.getByLabel("to confirm").fill("development");
  await page.getByRole("button", { name: "Save and delete", exact: true }).click();
  await page.waitForURL("**/settings/retention?environment=development");
  await page.goto("/settings/environments");
  check((await page.getByRole("row", { name: "Development" }).innerText()).includes("14 days"), "the retention is saved");

  await page.goto("/settings/privacy?environment=development");
  await dashboard.checkAccessibility();
  await page.getByLabel("Hide personal data").check();
  await page.getByRole("button", { name: "Save for Development" }).click();
  await page.goto("/settings/privacy?environment=development");
  check(await page.getByLabel("Hide personal data").isChecked(), "personal data is hidden");
}
