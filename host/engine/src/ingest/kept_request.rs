//! The request that is kept with items that failed or were rejected, so that its plugin can translate it again.
//!
//! Nearly always nothing is kept: a planned event is in the log with all that planning needs. Where an item was rejected
//! or the plugin failed, the request is kept once, without a credential. Where redact paths are in force its body is not
//! kept, because it would hold what they blank; then an item is translated again from its log, as a body of its own. They
//! blank its query and its headers.

use bytes::Bytes;
use inlet_core::{
    ByteString, contract::Body, event, log::Outcome, path::Path, settle::Prepared, verification::Verdict,
};
use inlet_store::{CommitExtras, KeptRequest};

use super::{incoming_request::IncomingRequest, stored_fields::write_fields};
use crate::{Engine, retry_schedule, snapshot::Endpoint};

/// Returns what is committed with these items for their repair; `None` if no item needs it. `is_retried` is true if the
/// server tries failed items again because the sender will not.
pub(crate) fn extras(
    engine: &Engine,
    endpoint: &Endpoint,
    request: &IncomingRequest,
    verdict: Verdict,
    items: &[Prepared],
    is_retried: bool,
) -> Option<CommitExtras> {
    let unplanned = || items.iter().filter(|item| item.plan.is_none() && !item.log.outcome.is_accepted());
    unplanned().next()?;
    let has_failed = unplanned().any(|item| item.log.outcome == Outcome::Failed);
    let sent = &request.plugin_request;
    let paths: Vec<&Path> = endpoint.redact_paths.iter().chain(&endpoint.settings.redact_paths).collect();
    let kept = KeptRequest {
        id: engine.store.clock().new_id(),
        received_at_ms: request.received_at_ms,
        method: sent.method.clone(),
        path: sent.path.clone(),
        query: write_fields(&event::redact_query(&paths, &sent.query)),
        headers: write_fields(&event::redact_headers(&paths, &sent.headers)),
        verification: event::verification_status(&endpoint.settings, verdict, 0),
        verification_rest: event::verification_status(&endpoint.settings, verdict, 1),
        body: keeps_body(endpoint, &sent.body, items).then(|| request.sent_bytes()),
    };
    let retry_at_ms = (has_failed && is_retried).then(|| retry_schedule::due_at_ms(engine, 0)).flatten();
    Some(CommitExtras { keep: Some(kept), retry_at_ms, ..CommitExtras::default() })
}

fn keeps_body(endpoint: &Endpoint, body: &Body, items: &[Prepared]) -> bool {
    let body = body.as_bytes();
    let is_redacted = !endpoint.redact_paths.is_empty() || !endpoint.settings.redact_paths.is_empty();
    // The log of an item that is the whole body holds it already.
    let is_logged = matches!(items, [item] if item.log.original.len() == body.len());
    body.is_empty() || !(is_redacted || is_logged)
}

/// Returns a stored body as text if it is UTF-8.
pub(crate) fn body(bytes: Bytes) -> Body {
    match ByteString::try_from(bytes.clone()) {
        Ok(text) => Body::Text(text),
        Err(_) => Body::Bytes(bytes),
    }
}
