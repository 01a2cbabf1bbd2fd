//! Stored requests through two versions of a plugin: the items that would change for a source.
//!
//! Each request takes the stages of a rehearsal up to its plan. Earlier executions do not count, because the comparison is
//! about versions. Nothing is written.

mod comparison;
pub(super) mod item_members;

use std::time::{Duration, Instant};

use inlet_core::contract::Body;
use inlet_sandbox::Plugin;
use inlet_store::{Cursor, EventQuery, ReadMemory, StoredEvent};

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

/// Compares the newest `last` requests with a kept body. `memory` makes the memory of one read. Ends early if no sandbox or no
/// memory comes free any more; that is an error only if nothing was compared yet.
pub async fn compare<M: ReadMemory>(
    engine: &Engine,
    old: &ComparedVersion,
    new: &ComparedVersion,
    last: usize,
    memory: impl Fn() -> M + Send + Sync,
) -> Result<Comparison, RehearseError> {
    let (started, id) = (Instant::now(), old.endpoint.id);
    let mut found = Comparison::default();
    let (mut cursor, mut looked_at, mut bytes) = (Cursor::Start, 0, 0);
    while found.compared < last {
        let query = EventQuery { cursor, ..EventQuery::newest(vec![id], PAGE) };
        let held = memory();
        let page = match stored_request::page(engine, &query, &held).await {
            Err(error) if error.is_passing() && found.compared > 0 => return Ok(found.stopped_early()),
            page => page?,
        };
        let Some(oldest) = page.items.last().map(|event| event.id) else { break };
        for event in page.items {
            if found.compared == last {
                break;
            }
            looked_at += 1;
            if looked_at > MAX_LOOKED_AT || bytes > MAX_BYTES || started.elapsed() > MAX_TIME {
                return Ok(found.stopped_early());
            }
            // A replayed event was sent only once.
            if event.rerun_of.is_some() {
                continue;
            }
            let held = memory();
            let translated = match stored_request::kept_body(engine, id, &event, &held).await {
                Ok(Some(body)) => {
                    bytes += body.as_bytes().len();
                    both(engine, (old, new), &event, &body).await
                }
                Ok(None) => {
                    found.not_kept += 1;
                    continue;
                }
                Err(error) => Err(error),
            };
            match translated {
                Ok((old, new)) => found.add(&event, old, new),
                Err(error) if error.is_passing() && found.compared > 0 => return Ok(found.stopped_early()),
                Err(error) => return Err(error),
            }
        }
        if !page.has_after {
            break;
        }
        cursor = Cursor::After(oldest);
    }
    Ok(found)
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
