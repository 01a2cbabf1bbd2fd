//! Translations in the format of `expected.json`, for comparison.
//!
//! Members without content (no value, an empty tag) are left out on both sides. A notice's message counts only if the
//! case has one.

use inlet_core::contract::{Field, Item, Notice, Reply, TranslatedEvent, Translation, Value};
use serde_json::{Map, Value as Json, json};

/// Describes a translation without messages: the strictest `expected.json` that it matches.
pub fn described(found: &Result<Translation, Notice>) -> Json {
    describe(found, &Json::Null)
}

/// Describes a translation, with messages only where `expected` has them.
pub(crate) fn describe(found: &Result<Translation, Notice>, expected: &Json) -> Json {
    match found {
        Err(rejected) => json!({ "rejected": notice(rejected, &expected["rejected"]) }),
        Ok(Translation { items, reply, memo }) => {
            let items = items.iter().enumerate();
            let items: Vec<Json> = items.map(|(index, found)| item(found, &expected["items"][index])).collect();
            let reply = reply.as_ref().map(|found| written_reply(found, &expected["reply"]));
            object([("items", Some(items.into())), ("reply", reply), ("memo", text(memo))])
        }
    }
}

/// Returns a case's expectation without the members that are null.
pub(crate) fn expected(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            // JSON made by a plugin is compared whole, nulls included.
            .map(|(name, value)| (name.clone(), if name == "made" { value.clone() } else { expected(value) }))
            .collect::<Map<_, _>>()
            .into(),
        Json::Array(elements) => elements.iter().map(expected).collect(),
        other => other.clone(),
    }
}

fn item(item: &Item, expected: &Json) -> Json {
    match item {
        Item::Event(found) => json!({ "event": event(found) }),
        Item::Ignored(found) => json!({ "ignored": notice(found, &expected["ignored"]) }),
        Item::Rejected(found) => json!({ "rejected": notice(found, &expected["rejected"]) }),
    }
}

fn event(event: &TranslatedEvent) -> Json {
    object([
        ("event_type", Some(event.event_type.as_str().into())),
        ("user_id", event.user_id.as_ref().map(value)),
        ("data", event.data.as_ref().map(value)),
        ("idempotency_key", event.idempotency_key.as_ref().map(value)),
        ("occurred_at", event.occurred_at.as_ref().map(value)),
        ("original", event.original.as_deref().map(Json::from)),
        ("tag", text(&event.tag)),
        ("extras", fields(&event.extras)),
    ])
}

fn notice(notice: &Notice, expected: &Json) -> Json {
    object([
        ("code", Some(notice.code.as_str().into())),
        ("message", expected.get("message").map(|_| notice.message.as_str().into())),
        ("at", notice.at.as_deref().map(Json::from)),
        ("tag", text(&notice.tag)),
    ])
}

fn value(value: &Value) -> Json {
    match value {
        Value::At(at) => json!({ "at": at }),
        Value::Assembled(members) => json!({ "assembled": members }),
        Value::Made(text) => json!({ "made": parsed(text) }),
    }
}

/// Describes a reply. The status 200 is left out unless the case names it.
fn written_reply(reply: &Reply, expected: &Json) -> Json {
    let is_named = reply.status != 200 || expected.get("status").is_some_and(|status| !status.is_null());
    object([
        ("status", is_named.then(|| reply.status.into())),
        ("content_type", Some(reply.content_type.as_str().into())),
        ("headers", fields(&reply.headers)),
        ("body", Some(parsed(&reply.body))),
    ])
}

/// Parses the text if it is JSON, because white space and the order of members do not count.
fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn text(text: &str) -> Option<Json> {
    (!text.is_empty()).then(|| text.into())
}

fn fields(fields: &[Field]) -> Option<Json> {
    (!fields.is_empty()).then(|| fields.iter().map(|field| json!([field.name, field.value])).collect())
}

fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Json::Object(members.collect())
}
