// Leaves orders.wasm here. Needs inlet on the PATH or in INLET.
//
// `node build.mjs` uses QuickJS. `node build.mjs spidermonkey` uses SpiderMonkey, once
// `npm install --no-save @bytecodealliance/componentize-js` has been done: ten times as large.

import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";

const wit = process.env.WIT ?? "../../../wit/v0.1";
process.chdir(import.meta.dirname);

async function quickjs() {
  const { componentize } = await import("componentize-qjs");
  const jsSource = await readFile("translator.js", "utf8");
  // `sync`: a translator waits for nothing.
  return await componentize({ witPath: wit, world: "source", jsSource, jsPath: "translator.js", sync: true });
}

async function spidermonkey() {
  const { componentize } = await import("@bytecodealliance/componentize-js");
  return await componentize({
    witPath: wit,
    worldName: "source",
    sourcePath: "translator.js",
    // Its engine would import HTTP, and be refused. What is printed and the clock, which stands, may stay.
    disableFeatures: ["http", "fetch-event"],
  });
}

const { component } = process.argv[2] === "spidermonkey" ? await spidermonkey() : await quickjs();
await mkdir("build", { recursive: true });
await writeFile("build/orders.component.wasm", component);
execFileSync(process.env.INLET ?? "inlet", ["plugin", "pack", "build/orders.component.wasm", "--out", "orders.wasm"], {
  stdio: "inherit",
});
