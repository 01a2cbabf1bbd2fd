import { Dashboard } from "./harness.mjs";

const [name, base, token, input = "{}"] = process.argv.slice(2);
const { run } = await import(`./scenarios/${name}.mjs`);
const dashboard = await Dashboard.open(base);
let failure;
try {
  await run(dashboard, { token, ...JSON.parse(input) });
} catch (error) {
  const text = await dashboard.page.locator("body").innerText().catch(() => "");
  failure = `${error.stack}\nat ${dashboard.page.url()}:\n${text.slice(0, 3000)}`;
}
const problems = await dashboard.close();
if (failure) console.error(failure);
for (const problem of problems) console.error(problem);
process.exit(failure || problems.length > 0 ? 1 : 0);
