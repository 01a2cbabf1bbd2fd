// Takes pictures of the main pages, light and dark, 1280 and 390 pixels wide:
//   node dashboard/screenshots.mjs BASE TOKEN DIRECTORY [PATH…]
import { mkdirSync } from "node:fs";
import { Dashboard } from "./harness.mjs";

const PATHS = ["/sign-in", "/", "/sources", "/settings/environments"];

const [base, token, directory, ...paths] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    const dashboard = await Dashboard.open(base, { width, height: width === 390 ? 844 : 900, colorScheme });
    const shoot = async (path) => {
      const name = path.replace(/^\//, "").replaceAll(/[^a-z0-9]+/gi, "-") || "overview";
      await dashboard.page.goto(path, { waitUntil: "networkidle" });
      await dashboard.page.screenshot({ path: `${directory}/${name}-${colorScheme}-${width}.png` });
    };
    await shoot("/sign-in");
    await dashboard.signIn(token);
    for (const path of paths.length > 0 ? paths : PATHS.slice(1)) await shoot(path);
    for (const problem of await dashboard.close()) console.error(problem);
  }
}
