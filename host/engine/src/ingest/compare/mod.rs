//! Stored requests through two versions of a plugin: the items that would change for a source.
//!
//! Each request takes the stages of a rehearsal up to its plan. Earlier executions do not count, because the comparison is
//! about versions. Nothing is written. The log keeps items, not requests: an item of a batch is translated as a body of
//! its own, with the headers that the version in force was given.

mod comparison;
mod item_members;

use std::time::{Duration, Instant};

use inlet_core::{contract::Body, log::Original, verification::Verdict};
use inlet_sandbox::Plugin;
use inlet_store::{Cursor, EventQuery, StoredEvent};
use tokio::time::sleep;

pub use self::comparison::{Comparison, Difference, MemberChange};
use self::item_members::{ItemMembers, members};
use super::{
    incoming_request::{IncomingRequest, VisibleParts},
    plan,
    rehearse::RehearseError,
    stored_fields, translate,
};
use crate::{Engine, snapshot::Endpoint};

/// Log entries that are read at once.
const PAGE: usize = 100;
/// The most log entries that are read in search of those with a kept body.
const MAX_LOOKED_AT: usize = 5_000;
/// The most bytes that are translated, once for each version.
const MAX_BYTES: usize = 64 << 20;
/// The longest time that a comparison may take.
const MAX_TIME: Duration = Duration::from_secs(30);
/// The pause before a sandbox is asked for again: a full queue refuses at once.
const PAUSE: Duration = Duration::from_millis(500);
/// The attempts to get a sandbox for one request, each of up to a second.
const TRIES: usize = 3;

/// A source environment with one of the two versions.
pub struct ComparedVersion {
    /// The source environment as it would be with the version.
    pub endpoint: Endpoint,
    /// The version.
    pub plugin: Plugin,
}

/// Compares the newest `last` requests with a kept body. Ends early if no sandbox comes free any more; that is an error
/// only if nothing was compared yet.
pub async fn compare(
    engine: &Engine,
    old: &ComparedVersion,
    new: &ComparedVersion,
    last: usize,
) -> Result<Comparison, RehearseError> {
    let (started, id) = (Instant::now(), old.endpoint.id);
    let mut found = Comparison::default();
    let (mut cursor, mut looked_at, mut bytes) = (Cursor::Start, 0, 0);
    while found.compared < last {
        let query = EventQuery { cursor, ..EventQuery::newest(vec![id], PAGE) };
        let page = engine.store.events(&query).await?;
        let Some(oldest) = page.items.last().map(|event| event.id) else { break };
        for event in page.items {
            if found.compared == last {
                break;
            }
            looked_at += 1;
            if looked_at > MAX_LOOKED_AT || bytes > MAX_BYTES || started.elapsed() > MAX_TIME {
                found.stopped_early = true;
                return Ok(found);
            }
            // A replayed event was sent only once.
            if event.rerun_of.is_some() {
                continue;
            }
            match body_of(engine, id, &event).await? {
                Some(body) => {
                    bytes += body.as_bytes().len();
                    match both(engine, (old, new), &event, &body).await {
                        Ok((old, new)) => found.add(&event, old, new),
                        Err(RehearseError::Busy) if found.compared > 0 => {
                            found.stopped_early = true;
                            return Ok(found);
                        }
                        Err(error) => return Err(error),
                    }
                }
                None => found.not_kept += 1,
            }
        }
        if !page.has_after {
            break;
        }
        cursor = Cursor::After(oldest);
    }
    Ok(found)
}

/// Returns the kept body of an event. Lists leave long bodies out, so they are read by themselves.
async fn body_of(engine: &Engine, id: i64, event: &StoredEvent) -> Result<Option<Body>, RehearseError> {
    let original = match &event.original.content {
        Some(original) => Some(original.clone()),
        None if event.body_removed => None,
        None => {
            let query = EventQuery { include_actions: false, ..EventQuery::one(vec![id], event.id) };
            engine.store.events(&query).await?.items.pop().and_then(|event| event.original.content)
        }
    };
    Ok(original.filter(|original| !original.is_empty()).map(|original| match original {
        Original::Json(text) | Original::Text(text) => Body::Text(text),
        Original::Bytes(bytes) => Body::Bytes(bytes),
    }))
}

type BothItems = (Vec<ItemMembers>, Vec<ItemMembers>);

async fn both(
    engine: &Engine,
    versions: (&ComparedVersion, &ComparedVersion),
    event: &StoredEvent,
    body: &Body,
) -> Result<BothItems, RehearseError> {
    Ok((patiently(engine, versions.0, event, body).await?, patiently(engine, versions.1, event, body).await?))
}

/// Waits for a sandbox more than once: incoming requests come first, and the gate waits one second only.
async fn patiently(
    engine: &Engine,
    version: &ComparedVersion,
    event: &StoredEvent,
    body: &Body,
) -> Result<Vec<ItemMembers>, RehearseError> {
    for _ in 1..TRIES {
        match one(engine, version, event, body).await {
            Err(RehearseError::Busy) => sleep(PAUSE).await,
            result => return result,
        }
    }
    one(engine, version, event, body).await
}

/// Returns the items of a request with one version.
async fn one(
    engine: &Engine,
    version: &ComparedVersion,
    event: &StoredEvent,
    body: &Body,
) -> Result<Vec<ItemMembers>, RehearseError> {
    let ComparedVersion { endpoint, plugin } = version;
    let mut headers = event.headers.as_deref().map(stored_fields::read_headers).unwrap_or_default();
    headers.retain(|header| endpoint.wants_header(&header.name));
    let (method, path, query) = ("POST".to_owned(), String::new(), Vec::new());
    let parts = VisibleParts { method, path, query, headers, body: body.clone() };
    let request = IncomingRequest::new(endpoint, parts, Vec::new(), event.received_at_ms);
    let translated = translate::translate_uncounted(engine, endpoint, plugin, &request).await;
    let translated = translated.map_err(|_| RehearseError::Busy)?;
    let items = plan::plan_uncounted(engine, endpoint, &request, Verdict::NotConfigured, &translated);
    Ok(items.unwrap_or_else(|unfit| vec![unfit.failed]).iter().map(members).collect())
}
