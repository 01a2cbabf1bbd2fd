//! Stored events as requests of their own. The log keeps items, not requests: an item of a batch is translated as a body of
//! its own, with the headers that the version in force was given.

use std::time::Duration;

use inlet_core::{contract::Body, log::Original, settle::Prepared, verification::Verdict};
use inlet_sandbox::Plugin;
use inlet_store::{EventQuery, Page, ReadMemory, StoredEvent};
use tokio::time::sleep;

use super::{
    incoming_request::{IncomingRequest, VisibleParts},
    plan,
    rehearse::RehearseError,
    stored_fields,
    translate::{self, Translated},
};
use crate::{Engine, snapshot::Endpoint};

/// The pause before a sandbox is asked for again: a full queue refuses at once.
const PAUSE: Duration = Duration::from_millis(500);
/// The attempts to get a sandbox for one request, each of up to a second.
const TRIES: usize = 3;

/// Returns a stored item as a body; none if it is empty.
fn body_of(original: &Original) -> Option<Body> {
    Some(original.clone()).filter(|original| !original.is_empty()).map(|original| match original {
        Original::Json(text) | Original::Text(text) => Body::Text(text),
        Original::Bytes(bytes) => Body::Bytes(bytes),
    })
}

/// Returns a page of stored events.
pub(super) async fn page(
    engine: &Engine,
    query: &EventQuery,
    memory: &dyn ReadMemory,
) -> Result<Page<StoredEvent>, RehearseError> {
    engine.store.events_within(query, memory).await?.ok_or(RehearseError::Memory)
}

/// Returns the kept body of an event of a page. Pages leave long bodies out, so they are read by themselves.
pub(super) async fn kept_body(
    engine: &Engine,
    source_environment: i64,
    event: &StoredEvent,
    memory: &dyn ReadMemory,
) -> Result<Option<Body>, RehearseError> {
    let original = match &event.original.content {
        Some(original) => Some(original.clone()),
        None if event.body_removed => None,
        None => {
            let query = EventQuery { include_actions: false, ..EventQuery::one(vec![source_environment], event.id) };
            page(engine, &query, memory).await?.items.pop().and_then(|event| event.original.content)
        }
    };
    Ok(original.as_ref().and_then(body_of))
}

/// Translates and plans a stored event with a configuration of its source. Nothing is counted.
pub(super) async fn items(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    event: &StoredEvent,
    body: &Body,
) -> Result<Vec<Prepared>, RehearseError> {
    let (request, translated) = translate(engine, endpoint, plugin, event, body).await?;
    let items = plan::plan_uncounted(engine, endpoint, &request, Verdict::NotConfigured, &translated);
    Ok(items.unwrap_or_else(|unfit| vec![unfit.failed]))
}

/// Translates a stored event with a configuration of its source. Nothing is counted. Waits for a sandbox more than once:
/// incoming requests come first, and the gate waits one second only.
pub(super) async fn translate(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    event: &StoredEvent,
    body: &Body,
) -> Result<(IncomingRequest, Translated), RehearseError> {
    let request = request_of(endpoint, event, body);
    for _ in 1..TRIES {
        match translate::translate_uncounted(engine, endpoint, plugin, &request).await {
            Ok(translated) => return Ok((request, translated)),
            Err(_) => sleep(PAUSE).await,
        }
    }
    match translate::translate_uncounted(engine, endpoint, plugin, &request).await {
        Ok(translated) => Ok((request, translated)),
        Err(_) => Err(RehearseError::Busy),
    }
}

/// Returns the request that holds a stored event alone.
fn request_of(endpoint: &Endpoint, event: &StoredEvent, body: &Body) -> IncomingRequest {
    let mut headers = event.headers.as_deref().map(stored_fields::read_headers).unwrap_or_default();
    headers.retain(|header| endpoint.wants_header(&header.name));
    let (method, path, query) = ("POST".to_owned(), String::new(), Vec::new());
    let parts = VisibleParts { method, path, query, headers, body: body.clone() };
    IncomingRequest::new(endpoint, parts, Vec::new(), event.received_at_ms)
}
