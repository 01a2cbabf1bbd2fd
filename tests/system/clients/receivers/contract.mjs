// The validators of an OpenAPI 3.0 document's operations.
import { readFileSync } from "node:fs";

import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";

// Returns a function that finds the operation of a request: {requestErrors(value), responseErrors(status, value)}, each a
// list of sentences; undefined if the document has no such operation.
export function contract(url) {
  const document = withoutNullable(parse(readFileSync(url, "utf8")));
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, "contract");

  const errors = (validate, value) => {
    if (validate(value)) return [];
    return validate.errors.map((error) => `${error.instancePath || "the body"} ${error.message}`);
  };
  const validator = (pointer) => ajv.compile({ $ref: `contract#${pointer}` });
  const validators = new Map();
  const at = (...segments) => {
    const pointer = segments.map((segment) => `/${String(segment).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    const encoded = pointer.split("/").map(encodeURIComponent).join("/");
    if (!validators.has(encoded)) validators.set(encoded, validator(encoded));
    return validators.get(encoded);
  };

  return (method, path) => {
    const template = Object.keys(document.paths).find((template) => matches(template, path));
    const operation = document.paths[template]?.[method.toLowerCase()];
    if (!operation) return undefined;
    const place = ["paths", template, method.toLowerCase()];
    return {
      requestErrors: (value) => errors(at(...place, "requestBody", "content", "application/json", "schema"), value),
      responseErrors: (status, value) => {
        const content = operation.responses[status];
        if (!content) return [`the contract has no answer ${status}`];
        if (!content.content) return value === undefined ? [] : [`an answer ${status} has no body`];
        return errors(at(...place, "responses", status, "content", "application/json", "schema"), value);
      },
    };
  };
}

function matches(template, path) {
  const [expected, found] = [template.split("/"), path.split("/")];
  return (
    expected.length === found.length &&
    expected.every((segment, index) => (segment.startsWith("{") ? found[index] !== "" : segment === found[index]))
  );
}

// Writes OpenAPI 3.0's `nullable`, which JSON Schema does not know, as types.
function withoutNullable(value) {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (value === null || typeof value !== "object") return value;
  const { nullable, ...rest } = value;
  const schema = Object.fromEntries(Object.entries(rest).map(([name, member]) => [name, withoutNullable(member)]));
  // A property may have this name.
  if (typeof nullable === "object") return { nullable: withoutNullable(nullable), ...schema };
  if (nullable !== true) return schema;
  if (Object.keys(schema).length === 0) return { type: "null" };
  return { anyOf: [schema, { type: "null" }] };
}
