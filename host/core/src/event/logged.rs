//! An event from the log, planned again with the mappings of today (semantics.md §4, "A replay from the log").
//!
//! Its id, type, user id, data, key and time were read when it came; they stay as they are, to the digit. Only what must
//! hold whenever something is stored is done again: redact paths that were added since are applied.

use std::sync::Arc;

use bytestring::ByteString;
use uuid::Uuid;

use super::{Context, plan_in, redact::redact};
use crate::{
    json::{self, Kind},
    log::{EventFields, EventLog, Original},
    path,
    plan::Scope,
    settle::Prepared,
};

/// What the log kept of an event.
#[derive(Debug, Clone)]
pub struct Logged {
    /// What mappings match on.
    pub event_type: String,
    /// Whom it is about.
    pub user_id: Option<String>,
    /// A JSON object.
    pub data: ByteString,
    /// Where the data lies in the original, in bytes; none when it is no slice of it.
    pub data_at: Option<usize>,
    /// The item as it came, redacted.
    pub original: Original,
    /// Absent when there was none or it was invalid.
    pub idempotency_key: Option<String>,
    /// When it happened, in microseconds since 1970.
    pub occurred_at_us: i64,
    /// As it was logged.
    pub verification_status: String,
    /// The headers that left the door, a JSON object.
    pub headers: Option<Arc<str>>,
    /// The redact paths that blanked something.
    pub redacted: Vec<String>,
}

/// Prepares an event of the log once more. Of the context its verdict, headers and guest logs are not looked at.
pub fn prepare_logged(context: &Context<'_>, logged: Logged, id: Uuid) -> Prepared {
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
    };
    let plan = plan_in(context, scope, &logged.event_type, logged.idempotency_key.as_deref());
    let fields = EventFields {
        event_type: logged.event_type,
        user_id: logged.user_id,
        verification_status: logged.verification_status,
        idempotency_key: logged.idempotency_key,
        occurred_at_us: logged.occurred_at_us,
        headers: logged.headers,
        redacted: logged.redacted,
        ..EventFields::new(id, context.received_at_ms, context.plugin.clone())
    };
    Prepared { log: EventLog { fields, data: Some(data), original }, plan: Some(plan) }
}

/// Applies the redact paths of today.
fn redact_again(context: &Context<'_>, logged: Logged) -> Logged {
    let Original::Json(item) = &logged.original else { return logged };
    let (blanked, hit) = redact(context, item);
    // What was blanked before is blanked to the same.
    let Some(blanked) = blanked.filter(|blanked| blanked != item) else { return logged };
    let pointer = logged.data_at.and_then(|at| pointer_to(item, at, logged.data.len()));
    let data = match pointer {
        Some(pointer) => json::point(&blanked, &pointer).map(ByteString::from),
        // Data that was put together is no part of the item: whatever a path could name in it is blanked.
        None => Some(blank_anywhere(context, &logged.data)),
    };
    let data = data.filter(|text| Kind::of(text) == Kind::Object).unwrap_or_else(|| ByteString::from_static("{}"));
    let mut redacted = logged.redacted;
    redacted.extend(hit);
    redacted.sort();
    redacted.dedup();
    Logged { data, data_at: None, original: Original::Json(blanked), redacted, ..logged }
}

/// Blanks what any end of a redact path names: `properties.email`, and `email`.
fn blank_anywhere(context: &Context<'_>, data: &ByteString) -> ByteString {
    let mut text = data.to_string();
    for path in context.redact_paths.iter().chain(&context.settings.redact_paths) {
        for first in 0..path.segments().len() {
            if let Some(blanked) = path::blank(&text, &path.segments()[first..]) {
                text = blanked;
            }
        }
    }
    text.into()
}

/// The JSON Pointer of a value that lies at these bytes of a text.
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

/// Lets the data be a slice of the original again, so that it is stored once.
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
