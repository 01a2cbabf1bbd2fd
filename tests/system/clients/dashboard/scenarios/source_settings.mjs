// The settings of a source: saving, the API's error at its field, a change by two people at once, the secret, the endpoint,
// the plugin's versions, and deleting the source.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, secret }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const address = "/e/development/sources/shop/settings";
  await page.goto(address);
  await dashboard.checkAccessibility();
  const submit = (name, on = page) =>
    Promise.all([on.waitForEvent("load"), on.getByRole("button", { name, exact: true }).click()]);
  const save = (on = page) => submit("Save settings", on);

  const name = page.getByRole("textbox", { name: "Name", exact: true });
  const description = page.getByRole("textbox", { name: /^Description/ });
  await name.fill("Shop <b>of Ana</b>");
  await description.fill("What people buy");
  await submit("Save the name");
  await page.getByRole("heading", { level: 1, name: "Shop <b>of Ana</b>" }).waitFor();
  equal(await description.inputValue(), "What people buy", "the saved description");
  await name.fill(" ");
  await submit("Save the name");
  await page.locator(".field-error").getByText("it is empty").waitFor();
  equal(await description.inputValue(), "What people buy", "the form keeps the description");
  await dashboard.checkAccessibility();
  await page.goto(address);

  await page.getByLabel("Path of the user id").fill("data.id");
  await page.getByLabel("Headers to keep").fill("x-topic\nx-shop");
  await page.getByLabel("Skip duplicates").check();
  await save();
  equal(await page.getByLabel("Path of the user id").inputValue(), "data.id", "the saved path");
  equal(await page.getByLabel("Headers to keep").inputValue(), "x-topic\nx-shop", "the saved headers");
  check(await page.getByLabel("Skip duplicates").isChecked(), "duplicates are skipped");

  await page.getByLabel("Most items of a request").fill("0");
  await save();
  await page.getByText("found 0, expected a whole number from 1").waitFor();
  equal(await page.getByLabel("Path of the user id").inputValue(), "data.id", "the form keeps what was entered");
  await dashboard.checkAccessibility();

  // Another person saves while the form is open.
  await page.goto(address);
  const other = await dashboard.newPage();
  await other.goto(address);
  await other.getByLabel("Path of the user id").fill("data.theirs");
  await other.getByLabel("Path of the data").fill("data.more");
  await save(other);
  await page.getByLabel("Path of the user id").fill("data.mine");
  await page.getByLabel("Path of the time").fill("data.at");
  await save();
  await page.getByText("somebody changed this source in the meantime").waitFor();
  const conflict = page.getByRole("row", { name: /Path of the user id/ });
  equal(await conflict.getByRole("cell").allInnerTexts(), ["Path of the user id", "data.mine", "data.theirs"], "both values");
  equal(await page.getByLabel("Path of the data").inputValue(), "data.more", "what only the other one changed");
  equal(await page.getByLabel("Path of the time").inputValue(), "data.at", "what only I changed");
  await dashboard.checkAccessibility();
  await save();
  await page.reload();
  equal(await page.getByLabel("Path of the user id").inputValue(), "data.mine", "what was chosen");
  equal(await page.getByLabel("Path of the data").inputValue(), "data.more", "the other one's change");

  await page.getByLabel("New secret").fill(secret);
  await submit("Save the secret");
  await page.getByText("Set", { exact: true }).waitFor();
  check(await page.getByLabel("Require verification").isChecked(), "a first secret turns verification on");
  check(!(await page.content()).includes(secret), "the secret is not shown");
  await page.getByText("Replace it").click();
  await page.getByLabel("New secret").fill(`${secret}-2`);
  await submit("Save the secret");
  await page.getByText("The one before is valid until").waitFor();

  const endpoint = await page.locator("#endpoint >> xpath=../..").getByText("/integrations/receive/").innerText();
  await page.getByText("Replace the URL…").click();
  await page.getByLabel("Type shop to confirm").first().fill("shop");
  await submit("Replace the URL");
  await page.getByText("Replaced URLs are valid until").waitFor();
  const replaced = await page.locator("#endpoint >> xpath=../..").getByText("/integrations/receive/").innerText();
  check(replaced !== endpoint, "the endpoint is another one");
  await dashboard.checkAccessibility();

  await page.getByRole("link", { name: "compare and use" }).first().click();
  await page.waitForURL("**/plugin/compare?new=**");
  await page.getByText("Compared with").waitFor();
  await dashboard.checkAccessibility();
  await submit("Use 9.9.9 in development");
  await page.getByRole("listitem").filter({ hasText: "9.9.9" }).getByText("In force").waitFor();
  await page.getByRole("link", { name: /^Roll back to / }).click();
  await page.waitForURL("**rollback=true**");
  await submit(/^Roll back to .* in development$/);
  await page.getByRole("listitem").filter({ hasText: "9.9.9" }).getByText("compare and use").waitFor();

  await page.getByText("Delete source…").click();
  await page.getByRole("textbox", { name: "Type shop to confirm" }).last().fill("shop");
  await submit("Delete source");
  await page.waitForURL("**/sources");
  await page.getByText("No sources yet").waitFor();
}
