//! The replay of an event from the log, planned with the present mappings (semantics.md §4, "A replay from the log").
//!
//! Its type, user id, data, key and time were read when it arrived; they stay as they are, to the digit. Redact paths that
//! were added since are applied.

use std::sync::Arc;

use bytestring::ByteString;
use uuid::Uuid;

use super::{
    context::Context,
    redact::{Blanked, DataPlace, Redaction, object_or_empty},
};
use crate::{
    hints::Hints,
    json::{self, Kind},
    log::{EventFields, EventLog, Original},
    plan::Scope,
    settle::Prepared,
};

/// An event as the log kept it.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// The event type.
    pub event_type: String,
    /// The id of the user that the event is about.
    pub user_id: Option<String>,
    /// A JSON object.
    pub data: ByteString,
    /// The offset of the data in the original, in bytes; none when it is no slice of it.
    pub data_at: Option<usize>,
    /// The item as the platform sent it, redacted.
    pub original: Original,
    /// The idempotency key; none when it was absent or invalid.
    pub idempotency_key: Option<String>,
    /// The time at which the event happened, in microseconds since 1970.
    pub occurred_at_us: i64,
    /// The verification status as it was logged.
    pub verification_status: String,
    /// The forwarded headers, a JSON object.
    pub headers: Option<Arc<str>>,
    /// The plugin's hints about the event.
    pub hints: Option<Box<Hints>>,
    /// The redact paths that blanked something.
    pub redacted: Vec<String>,
}

/// Prepares an event of the log again. The context's verdict, headers and guest logs are not used.
pub fn prepare_replay(context: &Context<'_>, logged: LoggedEvent, id: Uuid) -> Prepared {
    let logged = redact_again(context, logged);
    let (original, data) = share(logged.original, logged.data, logged.data_at);
    let scope = Scope {
        user_id: logged.user_id.as_deref(),
        data: &data,
        item: match &original {
            Original::Json(item) => item,
            Original::Text(_) | Original::Bytes(_) => "",
        },
        headers: logged.headers.as_deref(),
        hints: logged.hints.as_deref(),
        vars: Some(context.vars),
    };
    let plan = context.plan(scope, &logged.event_type, logged.idempotency_key.as_deref());
    let fields = EventFields {
        event_type: logged.event_type,
        user_id: logged.user_id,
        verification_status: logged.verification_status,
        idempotency_key: logged.idempotency_key,
        occurred_at_us: logged.occurred_at_us,
        headers: logged.headers,
        hints: logged.hints,
        redacted: logged.redacted,
        ..EventFields::new(id, context.received_at_ms, context.plugin.clone())
    };
    Prepared { log: EventLog { fields, data: Some(data), original }, plan: Some(plan) }
}

/// Applies the present redact paths.
fn redact_again(context: &Context<'_>, logged: LoggedEvent) -> LoggedEvent {
    let mut redaction = Redaction::new(context);
    if !redaction.is_in_force() {
        return logged;
    }
    let (item, is_json, is_binary) = match &logged.original {
        Original::Json(item) => (item.clone(), true, false),
        Original::Text(item) => (item.clone(), false, false),
        Original::Bytes(_) => (ByteString::new(), false, true),
    };
    let pointer = logged.data_at.filter(|_| is_json).and_then(|at| pointer_to(&item, at, logged.data.len()));
    // Data that is no part of the item: the log does not say which of the item's values it was made of.
    let place = pointer.as_deref().map_or(DataPlace::Written, DataPlace::at);
    let new_item = redaction.item(&item, &place).filter(|blanked| *blanked != item);
    let cut = match (&pointer, &new_item) {
        (Some(pointer), Some(item)) => object_or_empty(json::point(item, pointer).map(ByteString::from)),
        _ => logged.data.clone(),
    };
    let data = redaction.data(cut, &place, is_json);
    let headers = redaction.headers(logged.headers.clone());
    let opaque = if is_json { None } else { redaction.opaque(&item, is_binary) };
    let of_item = Blanked { before: &item, after: opaque.as_deref().or(new_item.as_deref()), is_json };
    let of_headers = Blanked::headers(logged.headers.as_deref(), headers.as_deref());
    let hints = redaction.hints(logged.hints.clone(), [of_item, of_headers]);
    let mut redacted = logged.redacted.clone();
    redacted.extend(redaction.names(context.withheld));
    redacted.sort();
    redacted.dedup();
    let is_same = new_item.is_none() && opaque.is_none();
    let original = match (is_json, opaque.or(new_item)) {
        (_, None) => logged.original.clone(),
        (true, Some(item)) => Original::Json(item),
        (false, Some(item)) => Original::Text(item),
    };
    let data_at = logged.data_at.filter(|_| is_same && data == logged.data);
    LoggedEvent { data, data_at, original, headers, hints, redacted, ..logged }
}

/// Returns the JSON Pointer to the value at an offset of a text, both in bytes.
fn pointer_to(text: &str, at: usize, len: usize) -> Option<String> {
    let start = text.as_ptr().addr();
    let (mut here, mut pointer) = (text.trim(), String::new());
    loop {
        let begin = here.as_ptr().addr() - start;
        if begin == at && here.len() == len {
            return Some(pointer);
        }
        let holds = |part: &&str| {
            let begin = part.as_ptr().addr() - start;
            begin <= at && at + len <= begin + part.len()
        };
        let (token, inside) = match Kind::of(here) {
            Kind::Object => {
                let members = json::members(here)?;
                let (key, inside) = members.iter().find(|(_, value)| holds(value))?;
                (key.replace('~', "~0").replace('/', "~1"), *inside)
            }
            Kind::Array => {
                let items = json::items(here)?;
                let index = items.iter().position(holds)?;
                (index.to_string(), items[index])
            }
            _ => return None,
        };
        pointer.push('/');
        pointer.push_str(&token);
        here = inside;
    }
}

/// Makes the data a slice of the original again, so that it is stored once.
fn share(original: Original, data: ByteString, data_at: Option<usize>) -> (Original, ByteString) {
    let slice = match (&original, data_at) {
        (Original::Json(text) | Original::Text(text), Some(at)) => {
            text.get(at..at + data.len()).filter(|part| *part == &*data).map(|part| text.slice_ref(part))
        }
        _ => None,
    };
    (original, slice.unwrap_or(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_found_by_its_place() {
        let text = r#" {"a/b":[{"x":1},{"x":1}],"~":{"x":1}} "#;
        let places: Vec<usize> = text.match_indices(r#"{"x":1}"#).map(|(at, _)| at).collect();
        let pointers: Vec<_> = places.iter().map(|at| pointer_to(text, *at, 7).unwrap()).collect();
        assert_eq!(pointers, ["/a~1b/0", "/a~1b/1", "/~0"]);
        assert_eq!(pointer_to(text, 1, text.trim().len()).unwrap(), "");
        assert_eq!(pointer_to(text, 3, 2), None);
    }
}
