// Checks a folder of configuration files as editors do: each against its JSON Schema, by another reader of YAML. Prints how
// many files there are; fails with the errors, or where YAML 1.1 and YAML 1.2 read a file differently.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

import Ajv from "ajv/dist/2020.js";
import { parse } from "yaml";

const [folder, expectation] = process.argv.slice(2);
const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, formats: { int64: true, uuid: true, uri: true } });
const validators = new Map();
const errors = [];
const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".yaml"));
for (const name of files) {
  const text = readFileSync(join(folder, name), "utf8");
  const [, schema] = text.match(/^# yaml-language-server: \$schema=(.*)$/m);
  const path = join(folder, dirname(name), schema);
  if (!validators.has(path)) validators.set(path, ajv.compile(JSON.parse(readFileSync(path, "utf8"))));
  const validate = validators.get(path);
  const value = parse(text, { version: "1.2" });
  if (JSON.stringify(value) !== JSON.stringify(parse(text, { version: "1.1" }))) errors.push(`${name}: YAML 1.1 differs`);
  if (!validate(value)) errors.push(...validate.errors.map((error) => `${name}${error.instancePath} ${error.message}`));
}
if (expectation === "invalid") {
  console.log(errors.sort().join("\n"));
} else if (errors.length > 0) {
  console.error(errors.join("\n"));
  process.exit(1);
} else {
  console.log(files.length);
}
