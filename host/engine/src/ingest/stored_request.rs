//! Stored events as requests of their own. The log keeps items, not requests: an item of a batch is translated as a body of
//! its own, with the headers that the version in force was given.

use std::time::Duration;

use inlet_core::{contract::Body, log::Original, settle::Prepared, verification::Verdict};
use inlet_sandbox::Plugin;
use inlet_store::StoredEvent;
use tokio::time::sleep;

use super::{
    incoming_request::{IncomingRequest, VisibleParts},
    plan,
    rehearse::RehearseError,
    stored_fields, translate,
};
use crate::{Engine, snapshot::Endpoint};

/// The pause before a sandbox is asked for again: a full queue refuses at once.
const PAUSE: Duration = Duration::from_millis(500);
/// The attempts to get a sandbox for one request, each of up to a second.
const TRIES: usize = 3;

/// Returns a stored item as a body; none if it is empty.
pub(super) fn body_of(original: &Original) -> Option<Body> {
    Some(original.clone()).filter(|original| !original.is_empty()).map(|original| match original {
        Original::Json(text) | Original::Text(text) => Body::Text(text),
        Original::Bytes(bytes) => Body::Bytes(bytes),
    })
}

/// Translates and plans a stored event with a configuration of its source. Nothing is counted. Waits for a sandbox more
/// than once: incoming requests come first, and the gate waits one second only.
pub(super) async fn items(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    event: &StoredEvent,
    body: &Body,
) -> Result<Vec<Prepared>, RehearseError> {
    for _ in 1..TRIES {
        match try_items(engine, endpoint, plugin, event, body).await {
            Err(RehearseError::Busy) => sleep(PAUSE).await,
            result => return result,
        }
    }
    try_items(engine, endpoint, plugin, event, body).await
}

async fn try_items(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    event: &StoredEvent,
    body: &Body,
) -> Result<Vec<Prepared>, RehearseError> {
    let mut headers = event.headers.as_deref().map(stored_fields::read_headers).unwrap_or_default();
    headers.retain(|header| endpoint.wants_header(&header.name));
    let (method, path, query) = ("POST".to_owned(), String::new(), Vec::new());
    let parts = VisibleParts { method, path, query, headers, body: body.clone() };
    let request = IncomingRequest::new(endpoint, parts, Vec::new(), event.received_at_ms);
    let translated = translate::translate_uncounted(engine, endpoint, plugin, &request).await;
    let translated = translated.map_err(|_| RehearseError::Busy)?;
    let items = plan::plan_uncounted(engine, endpoint, &request, Verdict::NotConfigured, &translated);
    Ok(items.unwrap_or_else(|unfit| vec![unfit.failed]))
}
