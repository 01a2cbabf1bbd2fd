//! Stored requests through two versions of a plugin: the items that would change for a source.
//!
//! Each request takes the stages of a rehearsal up to its plan. Earlier executions do not count, because the comparison is
//! about versions. Nothing is written.

mod comparison;
pub(super) mod item_members;

use std::time::{Duration, Instant};

use inlet_core::contract::Body;
use inlet_sandbox::Plugin;
use inlet_store::{Cursor, EventQuery, StoredEvent};

pub use self::comparison::{Comparison, Difference, MemberChange};
use self::item_members::{ItemMembers, members};
use super::{rehearse::RehearseError, stored_request};
use crate::{Engine, snapshot::Endpoint};

/// Log entries that are read at once.
const PAGE: usize = 100;
/// The most log entries that are read in search of those with a kept body.
const MAX_LOOKED_AT: usize = 5_000;
/// The most bytes that are translated, once for each version.
const MAX_BYTES: usize = 64 << 20;
/// The longest time that a comparison may take.
const MAX_TIME: Duration = Duration::from_secs(30);

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
    Ok(original.as_ref().and_then(stored_request::body_of))
}

type BothItems = (Vec<ItemMembers>, Vec<ItemMembers>);

async fn both(
    engine: &Engine,
    versions: (&ComparedVersion, &ComparedVersion),
    event: &StoredEvent,
    body: &Body,
) -> Result<BothItems, RehearseError> {
    Ok((one(engine, versions.0, event, body).await?, one(engine, versions.1, event, body).await?))
}

/// Returns the items of a request with one version.
async fn one(
    engine: &Engine,
    version: &ComparedVersion,
    event: &StoredEvent,
    body: &Body,
) -> Result<Vec<ItemMembers>, RehearseError> {
    let items = stored_request::items(engine, &version.endpoint, &version.plugin, event, body).await?;
    Ok(items.iter().map(members).collect())
}
