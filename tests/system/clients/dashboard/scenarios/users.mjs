// Users are searched and shown with their events and runs; one is exported and forgotten. Objects, tenants and audiences.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, hostile }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  await page.goto("/e/development/users");
  equal(await page.locator("[data-row]").count(), 3, "users");
  check((await page.locator("main").innerText()).includes(hostile), "a hostile name is text");
  equal(await page.locator("main script").count(), 0, "scripts in the list");
  await dashboard.checkAccessibility();
  const search = page.getByRole("searchbox", { name: "Id, name or email address" });
  await search.fill("ANA@example");
  await search.press("Enter");
  await page.getByText("Looked at 3 users, which are all.").waitFor();
  equal(await page.locator("[data-row]").count(), 1, "users with the text");
  await search.fill("u_");
  await search.press("Enter");
  await page.waitForURL("**/users?q=u_");
  equal(await page.locator("[data-row]").count(), 2, "users with the beginning of an id");
  await search.fill("nobody at all");
  await search.press("Enter");
  await page.getByRole("heading", { name: "Nobody found" }).waitFor();

  await page.goto("/e/development/users/u_1");
  await page.getByRole("heading", { name: "Ana" }).waitFor();
  await page.getByText("9007199254740993").waitFor();
  await page.getByRole("region", { name: "Events" }).getByRole("link", { name: "track/Order" }).waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("region", { name: "Triggers that named the user" }).getByRole("link", { name: "Run" }).click();
  await page.waitForURL("**/e/development/runs/*");
  await page.getByRole("link", { name: "u_1", exact: true }).click();
  await page.waitForURL("**/e/development/users/u_1");
  await page.getByRole("link", { name: "projects/p1" }).click();
  await page.getByRole("region", { name: "Subscribers" }).getByRole("link", { name: "Ana (u_1)" }).waitFor();
  await dashboard.checkAccessibility();
  await page.goto("/e/development/objects");
  await page.getByRole("link", { name: "p1", exact: true }).waitFor();
  await dashboard.checkAccessibility();
  await page.getByRole("link", { name: "Tenants" }).click();
  await page.getByRole("link", { name: "acme" }).click();
  await page.getByRole("heading", { name: "Acme" }).waitFor();
  await page.goto("/e/development/audiences");
  await page.getByRole("link", { name: "beta" }).click();
  await page.getByRole("link", { name: "Ana" }).waitFor();
  await dashboard.checkAccessibility();

  await page.goto("/e/development/users/u_1");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export" }).click(),
  ]);
  equal(download.suggestedFilename(), "user-u_1.ndjson", "the name of the export");
  await page.getByText("Forget…").click();
  await page.getByLabel("to confirm").fill("u_2");
  const isValid = await page.getByLabel("to confirm").evaluate((field) => field.checkValidity());
  equal(isValid, false, "another id confirms nothing");
  await page.getByLabel("to confirm").fill("u_1");
  await dashboard.checkAccessibility();
  await page.getByRole("button", { name: "Forget" }).click();
  await page.getByText("Forgotten: nothing that names the user is left").waitFor({ timeout: 60_000 });
  await dashboard.checkAccessibility();
  await page.goto("/e/development/users");
  equal(await page.locator("[data-row]").count(), 2, "users that are left");
}
