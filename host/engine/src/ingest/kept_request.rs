//! What is kept of a request so that its plugin can be asked again.
//!
//! Nothing, nearly always: an event that was planned is in the log with all that planning needs. Where an item was
//! rejected or the plugin failed, the request is kept once, as it left the door: without a credential. Where redact paths
//! are in force its body is not kept, because it would hold what they blank; then only what the log keeps is there, and
//! the item is translated again as a body of its own.

use inlet_core::{
    contract::{Body, Field},
    event,
    log::Outcome,
    settle::Prepared,
    verification::Verdict,
};
use inlet_store::{CommitExtras, KeptRequest};

use super::arrival::Arrival;
use crate::{
    Engine, retry_schedule,
    snapshot::{Endpoint, new_id},
};

/// What is to be committed with these items for their repair; none when all is well. `is_retried`: the server is to try
/// again what failed, because the sender will not.
pub(crate) fn extras(
    engine: &Engine,
    endpoint: &Endpoint,
    arrival: &Arrival,
    verdict: Verdict,
    items: &[Prepared],
    is_retried: bool,
) -> Option<CommitExtras> {
    let unplanned = || items.iter().filter(|item| item.plan.is_none() && !item.log.outcome.is_accepted());
    unplanned().next()?;
    let has_failed = unplanned().any(|item| item.log.outcome == Outcome::Failed);
    let request = KeptRequest {
        id: new_id(),
        received_at_ms: arrival.received_at_ms,
        method: arrival.method.clone(),
        path: arrival.path.clone(),
        query: write_fields(&arrival.query),
        headers: write_fields(&arrival.headers),
        verification: event::verification_status(&endpoint.settings, verdict, 0),
        verification_rest: event::verification_status(&endpoint.settings, verdict, 1),
        body: keeps_body(endpoint, &arrival.body, items).then(|| arrival.body_bytes()),
    };
    let retry_at_ms = (has_failed && is_retried).then(|| retry_schedule::due_at_ms(engine, 0)).flatten();
    Some(CommitExtras { keep: Some(request), retry_at_ms, ..CommitExtras::default() })
}

fn keeps_body(endpoint: &Endpoint, body: &Body, items: &[Prepared]) -> bool {
    let body = body.as_bytes();
    let is_redacted = !endpoint.redact_paths.is_empty() || !endpoint.settings.redact_paths.is_empty();
    // The log of an item that is the whole body holds it already.
    let is_logged = matches!(items, [item] if item.log.original.len() == body.len());
    body.is_empty() || !(is_redacted || is_logged)
}

/// Fields as they are stored.
pub(crate) fn write_fields(fields: &[Field]) -> String {
    serde_json::to_string(fields).unwrap_or_else(|_| "[]".to_owned())
}

/// Stored fields.
pub(crate) fn read_fields(text: &str) -> Vec<Field> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Stored headers, also as earlier versions stored them: an object.
pub(crate) fn read_headers(text: &str) -> Vec<Field> {
    use inlet_core::json;
    match json::members(text) {
        Some(members) => {
            members.iter().filter_map(|(name, value)| Some(Field::new(name.as_ref(), json::string(value)?))).collect()
        }
        None => read_fields(text),
    }
}

/// A stored body.
pub(crate) fn body(bytes: bytes::Bytes) -> Body {
    match inlet_core::ByteString::try_from(bytes.clone()) {
        Ok(text) => Body::Text(text),
        Err(_) => Body::Bytes(bytes),
    }
}
