// A received item of 5 MiB with 20,000 values: the page of its event is there soon and stays small, the digits are exact, and a
// value that the tree leaves out is found.
import { check, equal } from "../harness.mjs";

export async function run(dashboard, { token, path, needle, digits, hostile }) {
  const { page } = dashboard;
  await dashboard.signIn(token);
  const began = performance.now();
  await page.goto(path);
  await page.getByRole("group", { name: "the received item" }).waitFor();
  const seconds = (performance.now() - began) / 1000;
  const { elements, bytes } = await page.evaluate(() => ({
    elements: document.querySelectorAll("*").length,
    bytes: performance.getEntriesByType("navigation")[0].decodedBodySize,
  }));
  console.log(`an item of 5 MiB: ${seconds.toFixed(1)} s, ${elements} elements, ${(bytes / 1048576).toFixed(1)} MiB of HTML`);
  check(bytes < 8 << 20, `the page has ${bytes} bytes`);
  check(elements < 60_000, `the page has ${elements} elements`);
  equal(await page.locator("main script").count(), 0, "scripts of an item");
  const received = page.locator("#received [data-json]").first();
  // What is too much is loaded on demand.
  await received.locator("a[data-json-load]").first().click();
  await received.locator("[data-json] .json-number").first().waitFor({ state: "attached" });
  await received.getByText("The tree is cut here").first().waitFor();
  await received.getByRole("button", { name: "Expand all" }).first().click();
  check((await received.innerText()).includes(digits), "the digits of the tree are exact");

  // A key press is answered at once: the page is not too much for the browser.
  const busy = await received.getByRole("button", { name: "Collapse all" }).first().evaluate(async (button) => {
    const began = performance.now();
    button.click();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - began;
  });
  console.log(`collapsing it all: ${Math.round(busy)} ms`);

  // The search looks in the whole item.
  const search = received.getByRole("searchbox").first();
  await search.fill(needle);
  const found = received.locator(".json-found").first();
  await found.getByText("1 in the whole text").waitFor();
  await found.getByRole("link").click();
  await page.waitForURL("**/value?pointer=**");
  check((await page.locator("main").innerText()).includes(needle), "the value that was found");
  await page.goBack();
  await search.fill(digits);
  await found.getByText(/in the whole text/).waitFor();
  check((await found.innerText()).includes(digits), "the digits of what was found are exact");
  await search.fill(hostile);
  await found.getByText("1 in the whole text").waitFor();
  equal(await page.locator("main script").count(), 0, "scripts of what was found");
  await search.fill("no such text anywhere");
  await found.getByText("Nothing in the whole text.").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    received.getByRole("link", { name: /^Download/ }).first().click(),
  ]);
  const stream = await download.createReadStream();
  let text = "";
  for await (const chunk of stream) text += chunk;
  check(text.includes(needle) && text.includes(digits) && text.length > 5 << 20, "the download is the whole item");
  await dashboard.checkAccessibility();
}
