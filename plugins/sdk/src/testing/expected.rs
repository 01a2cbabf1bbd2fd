//! Translations in the format of `expected.json`, for comparison and for side-by-side output.

use serde_json::{Map, Value as Json, json};

use crate::{Event, Field, Item, Notice, Reply, Translation, Value};

/// Describes a translation. A notice's message is included only if `expected` has one.
pub(super) fn describe(found: Result<Translation, Notice>, expected: &Json) -> Json {
    plain(match found {
        Err(rejected) => json!({ "rejected": notice(rejected, &expected["rejected"]) }),
        Ok(translation) => {
            let items = translation.items.into_iter().enumerate();
            let items: Vec<Json> = items.map(|(index, found)| item(found, &expected["items"][index])).collect();
            let reply = translation.reply.map(|found| reply(found, &expected["reply"]));
            json!({ "items": items, "reply": reply, "memo": text(translation.memo) })
        }
    })
}

/// Removes members that are null.
pub(super) fn plain(value: Json) -> Json {
    match value {
        Json::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, plain(value)))
            .filter(|(_, value)| !value.is_null())
            .collect::<Map<_, _>>()
            .into(),
        Json::Array(elements) => elements.into_iter().map(plain).collect(),
        other => other,
    }
}

fn item(item: Item, expected: &Json) -> Json {
    match item {
        Item::Event(found) => json!({ "event": event(found) }),
        Item::Ignored(found) => json!({ "ignored": notice(found, &expected["ignored"]) }),
        Item::Rejected(found) => json!({ "rejected": notice(found, &expected["rejected"]) }),
    }
}

fn event(event: Event) -> Json {
    json!({
        "event_type": event.event_type,
        "user_id": event.user_id.map(value),
        "data": event.data.map(value),
        "idempotency_key": event.idempotency_key.map(value),
        "occurred_at": event.occurred_at.map(value),
        "original": event.original,
        "tag": text(event.tag),
        "extras": pairs(event.extras),
    })
}

fn notice(notice: Notice, expected: &Json) -> Json {
    let message = expected.get("message").map(|_| notice.message);
    json!({ "code": notice.code, "message": message, "at": notice.at, "tag": text(notice.tag) })
}

fn value(value: Value) -> Json {
    match value {
        Value::At(at) => json!({ "at": at }),
        Value::Assembled(members) => {
            json!({ "assembled": members.into_iter().map(|member| json!([member.key, member.at])).collect::<Json>() })
        }
        // Parsed, because white space and the order of members do not count.
        Value::Made(text) => json!({ "made": serde_json::from_str::<Json>(&text).unwrap_or(Json::String(text)) }),
    }
}

/// Describes a reply. Its body is parsed if it is JSON. The status 200 is left out unless the case names it.
fn reply(reply: Reply, expected: &Json) -> Json {
    let is_named = reply.status != 200 || expected.get("status").is_some_and(|status| !status.is_null());
    let body = serde_json::from_str::<Json>(&reply.body).unwrap_or(Json::String(reply.body));
    json!({
        "status": is_named.then_some(reply.status),
        "content_type": reply.content_type,
        "headers": pairs(reply.headers),
        "body": body,
    })
}

fn text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn pairs(fields: Vec<Field>) -> Option<Vec<Json>> {
    (!fields.is_empty()).then(|| fields.into_iter().map(|field| json!([field.name, field.value])).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{describe, plain};
    use crate::{Item, Notice, Reply, Translation};

    fn described(reply: Reply, expected: &serde_json::Value) -> serde_json::Value {
        let item = Item::Ignored(Notice::new("handshake", "A handshake."));
        let translation = Translation { reply: Some(reply), ..Translation::from(item) };
        plain(describe(Ok(translation), &json!({ "reply": expected })))["reply"].clone()
    }

    #[test]
    fn a_reply_shows_its_status_and_headers() {
        let old = json!({ "content_type": "text/plain", "body": "ok" });
        assert_eq!(described(Reply::text("ok"), &old), old, "a case without a status expects 200");
        let named = json!({ "status": 200, "content_type": "application/json", "body": { "a": 1 } });
        assert_eq!(described(Reply::json(r#"{ "a": 1 }"#), &named), named);
        let whole = json!({
            "status": 202, "content_type": "text/plain", "headers": [["x-a", "1"], ["x-b", "2"]], "body": "ok"
        });
        let reply = Reply::text("ok").status(202).header("x-a", "1").header("x-b", "2");
        assert_eq!(described(reply, &old), whole, "the case fails, and shows what it does not name");
    }
}
