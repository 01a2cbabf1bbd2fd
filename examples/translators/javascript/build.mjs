// Writes orders.wasm here. Needs inlet on the PATH or in INLET.
//
// `node build.mjs` uses QuickJS. `node build.mjs spidermonkey` uses SpiderMonkey, which is ten times as large and needs
// `npm install --no-save @bytecodealliance/componentize-js@0.23.0 @bytecodealliance/preview2-shim@0.25.0`.

import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";

const wit = process.env.WIT ?? "../../../wit/v0.2";
process.chdir(import.meta.dirname);

async function quickjs() {
  const { componentize } = await import("componentize-qjs");
  const jsSource = await readFile("translator.js", "utf8");
  // `sync`, because a translator does not wait for anything.
  return await componentize({ witPath: wit, world: "source", jsSource, jsPath: "translator.js", sync: true });
}

async function spidermonkey() {
  const { componentize } = await import("@bytecodealliance/componentize-js");
  return await componentize({
    witPath: wit,
    worldName: "source",
    sourcePath: "translator.js",
    // The engine would import HTTP, which the server refuses. Printing and the frozen clock are allowed.
    disableFeatures: ["http", "fetch-event"],
  });
}

const { component } = process.argv[2] === "spidermonkey" ? await spidermonkey() : await quickjs();
await mkdir("build", { recursive: true });
await writeFile("build/orders.component.wasm", component);
execFileSync(process.env.INLET ?? "inlet", ["plugin", "pack", "build/orders.component.wasm", "--out", "orders.wasm"], {
  stdio: "inherit",
});
