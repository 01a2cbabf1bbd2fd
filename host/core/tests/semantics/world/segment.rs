//! Bodies of Segment calls, and their translations.

use inlet_core::{
    contract::{Item, Notice, TranslatedEvent, Translation, Value},
    json,
};

/// `Order Completed` by u1.
pub fn track(properties: &str) -> String {
    format!(r#"{{"type":"track","event":"Order Completed","userId":"u1","properties":{properties}}}"#)
}

/// `identify` of u1.
pub fn identify(traits: &str) -> String {
    format!(r#"{{"type":"identify","userId":"u1","traits":{traits}}}"#)
}

/// An item with one more member, or another value of one.
pub fn with(item: &str, member: &str, value: &str) -> String {
    let mut members = json::members(item).unwrap();
    members.insert(member.into(), value);
    json::object(members)
}

/// An item with an idempotency key.
pub fn keyed(key: &str, item: &str) -> String {
    with(item, "messageId", &json::quote(key))
}

pub fn batch(items: &[&str]) -> String {
    json::array(items)
}

/// Levels of arrays around nothing.
pub fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// Returns the translation of a Segment plugin for a body of one call or an array of calls.
pub fn segment(body: &str) -> Translation {
    let count = json::items(body).map(|items| items.len());
    let items = match count {
        None => vec![Item::Event(call(body, ""))],
        Some(count) => (0..count).map(|index| Item::Event(call(body, &format!("/{index}")))).collect(),
    };
    translated(items)
}

/// A call at a place of a body, read as Segment's are.
pub fn call(body: &str, at: &str) -> TranslatedEvent {
    let string = |member| json::point(body, &format!("{at}/{member}")).and_then(json::string);
    let call = string("type").unwrap_or_default().to_lowercase();
    let name = match call.as_str() {
        "track" => string("event"),
        "page" | "screen" => string("name"),
        _ => None,
    };
    let event_type = name.map_or_else(|| call.clone(), |name| format!("{call}/{name}"));
    let content = if matches!(call.as_str(), "identify" | "group") { "traits" } else { "properties" };
    event(&event_type, at, content)
}

/// An event of a plugin that points at Segment's members, its data at `content`.
pub fn event(event_type: &str, at: &str, content: &str) -> TranslatedEvent {
    let point = |member: &str| Some(Value::At(format!("{at}/{member}")));
    TranslatedEvent {
        event_type: event_type.to_owned(),
        user_id: point("userId"),
        data: point(content),
        idempotency_key: point("messageId"),
        occurred_at: point("timestamp"),
        original: Some(at.to_owned()),
        tag: String::new(),
        extras: Vec::new(),
    }
}

pub fn translated(items: Vec<Item>) -> Translation {
    Translation { items, reply: None, memo: String::new() }
}

pub fn notice(code: &str, message: &str, at: Option<&str>) -> Notice {
    Notice { code: code.into(), message: message.into(), at: at.map(str::to_owned), tag: String::new() }
}
