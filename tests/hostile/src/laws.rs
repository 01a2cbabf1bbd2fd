//! Violates one law of the conformance suite at a time, as an honest mistake would.
//!
//! The header `x-note` names the law: the suite starts from a manifest's examples, and examples have headers.

use std::hint::black_box;

use inlet_plugin::{Event, Item, Kind, Node, Notice, Pointed, Request, Translation, Value, translate_array};

/// Returns the name of the law to violate.
pub(crate) fn requested_law(request: &Request) -> Option<&str> {
    let law = request.header("x-note")?.strip_prefix("law/")?;
    // The suite changes each value of a request, this header included.
    Some(law.strip_suffix("-changed").unwrap_or(law))
}

/// Translates an object or an array of objects, and violates the law. An unknown name violates none.
pub(crate) fn translate(request: &Request, law: &str) -> Result<Translation, Notice> {
    match law {
        "no-body-faults" => assert!(request.json().is_ok(), "a reader that trusts its input"),
        "instructions" => quadratic(request),
        "memory" => copy_body_often(request),
        "depth" => recurse_into_body(request),
        "content-cost" => quadratic_content(request),
        "methods" if request.method == "PUT" => {
            return Err(Notice::new("unsupported", "Only POST is translated."));
        }
        "methods-fault" => assert!(request.method != "PUT", "a reader that knows one method"),
        _ => {}
    }
    let body = request.json()?;
    if law == "shows-an-event" {
        return Err(Notice::new("unsupported", "Nothing is an event."));
    }
    if let Some(records) = body.get("records") {
        return Ok(batch(request, &records, law)?.into());
    }
    match body.kind() {
        Kind::Object => Ok(Item::Event(event(request, &body, law)).into()),
        Kind::Array if law != "arrays-taken" => Ok(batch(request, &body, law)?.into()),
        found => Err(Notice::new("not_an_object", format!("Expected an object, found {found}."))),
    }
}

fn batch(request: &Request, elements: &Node<'_>, law: &str) -> Result<Vec<Item>, Notice> {
    let read = |item: Node<'_>| match item.kind() {
        Kind::Object => Item::Event(event(request, &item, law)),
        _ => Item::Rejected(Notice::new("not_an_object", "Expected an object.").at(item.at())),
    };
    let mut items = match law {
        "empty" => elements.items().map(read).collect(),
        "junk-fails-all" if elements.items().any(|item| item.kind() != Kind::Object) => {
            return Err(Notice::new("not_an_object", "An element is no object."));
        }
        _ => translate_array(request, elements, read)?,
    };
    match law {
        // Numbers the elements from the wrong end.
        "batch-equals-its-items" => items.reverse(),
        "junk-dropped" if items.len() > 1 => items.retain(|item| !matches!(item, Item::Rejected(_))),
        "junk-ends-it" => {
            let end = items.iter().position(|item| matches!(item, Item::Rejected(_)));
            let rest = end.map_or(items.len(), |end| end + 1);
            items[rest..].fill(Item::Ignored(Notice::new("empty", "Behind an element that is no object.")));
        }
        "many-items" => items.truncate(500),
        _ => {}
    }
    Ok(items)
}

fn event(request: &Request, item: &Node<'_>, law: &str) -> Event {
    let [user, key, data] = item.fields(["user", "id", "data"]);
    let mut event = Event::new("hostile/law");
    event.user_id = user.clone().map(Value::from);
    event.idempotency_key = key.clone().map(Value::from);
    event.data = data.clone().map(Value::from);
    event.original = Some(item.at().to_owned());
    match law {
        "examples-become-their-event-type" => event.event_type = "hostile/other".to_owned(),
        "arrays-read-otherwise" if !item.at().is_empty() => event.event_type = "hostile/batch".to_owned(),
        "originals-exist" => event.original = Some("/nowhere".to_owned()),
        "pointers-exist" => event.user_id = Some(Value::at("/no/such/place")),
        "unknown-members-change-nothing" => event.tag = format!("{} bytes", item.raw().len()),
        // Like a reader that has only floating-point numbers.
        "numbers" if item.raw().len() < 4096 => event.data = data.map(imprecise),
        // The same for an identifier.
        "numbers-written" => event.user_id = user.map(imprecise),
        // Like a reader that marks numbers by a member's name.
        "markers" => event.data = data.filter(|data| !data.raw().starts_with("{\"$serde_json")).map(Value::from),
        // Like a reader that does not decode escapes.
        "escapes" => event.user_id = user.filter(|user| user.raw().contains('\\')).map(unescaped).or(event.user_id),
        "ids-lowered" => event.user_id = user.map(|user| Value::Made(user.raw().to_lowercase())),
        "ids-trimmed" => {
            event.user_id = user.map(|user| Value::Made(format!("\"{}\"", user.raw().trim_matches('"').trim())))
        }
        "ids-cut" => event.user_id = user.filter(|user| user.raw().len() < 200).map(Value::from),
        // Like a reader that stops at the first member with content.
        "member-order" => {
            let (user_at, data_at) = (item.raw().find("\"user\""), item.raw().find("\"data\""));
            event.user_id = user.filter(|_| data_at.is_none_or(|data_at| user_at < Some(data_at))).map(Value::from);
        }
        "arrival-time" => {
            let id = key.as_ref().and_then(Node::as_str).unwrap_or_default();
            event.idempotency_key = Some(Value::Made(format!("{:?}", format!("{id}@{}", request.received_at_ms))));
        }
        "undeclared-headers" => event.tag = request.header("user-agent").unwrap_or_default().to_owned(),
        "nulls-stay" => event.data = data.map(|data| without_nulls(&data)),
        "nulls-written" if item.raw().len() < 4096 => {
            event.data = data.map(|data| Value::Made(data.raw().replace(":null", ":0")));
        }
        "keys-alike" => event.idempotency_key = Some(Value::Made("\"always\"".to_owned())),
        _ => {}
    }
    event
}

fn without_nulls(data: &Node<'_>) -> Value {
    let members = data.members().into_iter().filter(|(_, value)| value.kind() != Kind::Null);
    Value::Assembled(members.map(|(name, value)| Pointed { key: name.into_owned(), at: value.into_at() }).collect())
}

fn imprecise(node: Node<'_>) -> Value {
    Value::Made(node.raw().replace("740993", "740992"))
}

fn unescaped(node: Node<'_>) -> Value {
    Value::Made(format!("\"{}\"", node.raw().replace(['\\', '"'], "")))
}

/// A recursive reader of objects.
fn recurse_into_body(request: &Request) {
    fn levels(text: &[u8]) -> usize {
        match text.iter().position(|byte| *byte == b'[') {
            Some(at) => 1 + black_box(levels(&text[at + 1..])),
            None => 0,
        }
    }
    let text = request.text().unwrap_or_default();
    if text.starts_with('{') {
        black_box(levels(text.as_bytes()));
    }
}

fn quadratic_content(request: &Request) {
    let data = request.json().ok().and_then(|body| body.get("data"));
    loops(data.map_or(0, |data| data.raw().len()) / 256);
}

fn quadratic(request: &Request) {
    loops(request.text().map_or(0, str::len) / 256);
}

/// A nested loop, quadratic in `steps`.
fn loops(steps: usize) {
    let mut sum = 0_usize;
    for outer in 0..steps {
        for inner in 0..steps {
            sum = black_box(sum.wrapping_add(outer ^ inner));
        }
    }
    black_box(sum);
}

/// Keeps 64 copies of the body.
fn copy_body_often(request: &Request) {
    let text = request.text().unwrap_or_default();
    let copies: Vec<String> = (0..64).map(|_| text.to_owned()).collect();
    black_box(&copies);
}
