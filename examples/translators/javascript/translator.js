// Translates requests of Orders.

export const translator = {
  // Translates a request into events. A thrown notice rejects the whole request.
  translate(request) {
    const body = parse(request.body);
    if (body === null || typeof body !== "object" || Array.isArray(body)) {
      throw notice("not_an_object", "The body is no JSON object; send one event as an object.");
    }
    if (typeof body.type !== "string" || !body.type.isWellFormed()) {
      throw notice("missing_field", "There is no string at `type`; it names the event.");
    }
    // Point at values; the host cuts them out of the body unchanged, every digit of them.
    const at = (name) => (Object.hasOwn(body, name) ? { tag: "at", val: `/${name}` } : null);
    const event = {
      eventType: body.type,
      userId: at("customer"),
      idempotencyKey: at("id"),
      occurredAt: at("created"),
      data: at("order"),
      original: null,
      tag: "",
      extras: [],
    };
    return { items: [{ tag: "event", val: event }], reply: null, memo: "", extras: [] };
  },
};

function parse(body) {
  if (body.tag === "bytes") {
    throw notice("not_utf8", "The body is not UTF-8; send JSON encoded as UTF-8.");
  }
  if (!/[^ \t\r\n]/.test(body.val)) {
    throw notice("empty", "The body is empty; expected an event as a JSON object.");
  }
  if (isTooDeep(body.val)) {
    throw notice("not_json", "The body is nested deeper than 128 levels; send a flatter object.");
  }
  try {
    return JSON.parse(body.val);
  } catch {
    throw notice("not_json", "The body is not JSON; send one JSON object.");
  }
}

// QuickJS parses JSON recursively and without a limit.
function isTooDeep(text) {
  let levels = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === "[" || letter === "{") {
      if (++levels > 128) return true;
    } else if (letter === "]" || letter === "}") {
      levels--;
    } else if (letter === '"') {
      i = endOfString(text, i);
    }
  }
  return false;
}

// Returns the index of the quotation mark that ends the string starting at `start`.
function endOfString(text, start) {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function notice(code, message) {
  return { code, message, at: null, tag: "", extras: [] };
}
