//! The newest stored events with the present and with a proposed configuration of their source.
//!
//! Each event takes the stages of a rehearsal twice, as a request of its own. Verification and earlier executions do not
//! count: the events were accepted once, and most were executed. Nothing is written.

mod mapping_effect;
mod summary;

use std::time::{Duration, Instant};

use inlet_core::{
    contract::Body,
    settle::{Job, Prepared, Settlement},
};
use inlet_sandbox::Plugin;
use inlet_store::{Cursor, EventQuery, ReadMemory, StoredEvent};

pub use self::{
    mapping_effect::MappingEffect,
    summary::{EventDifference, ListedEvent, Message, MessageCounts, RehearsedEvents, Totals},
};
use super::{rehearse::RehearseError, stored_request};
use crate::{Engine, snapshot::Endpoint};

/// Log entries that are read at once.
const PAGE: usize = 100;
/// The most log entries that are read in search of those with a kept body.
const MAX_LOOKED_AT: usize = 1_000;
/// The most bytes that are translated, once for each configuration.
const MAX_BYTES: usize = 64 << 20;
/// The longest time that a rehearsal may take.
const MAX_TIME: Duration = Duration::from_secs(30);

/// The configurations of a source environment that are tried.
pub struct Configurations<'a> {
    /// The present one.
    pub present: &'a Endpoint,
    /// The proposed one.
    pub proposed: &'a Endpoint,
    /// The plugin of both.
    pub plugin: &'a Plugin,
}

/// The events to rehearse.
pub struct LastEvents {
    /// Events of one of these types only; empty: of any type.
    pub event_types: Vec<String>,
    /// Events from this time on only, in milliseconds since 1970.
    pub starting_at_ms: Option<i64>,
    /// The number of newest events.
    pub last: usize,
    /// The number of events among them whose items are returned whole.
    pub listed: usize,
}

/// Rehearses the newest events with a kept body. `memory` makes the memory of one read. Ends early if no sandbox or no
/// memory comes free any more; that is an error only if nothing was rehearsed yet.
pub async fn rehearse_last<M: ReadMemory>(
    engine: &Engine,
    configurations: Configurations<'_>,
    events: LastEvents,
    memory: impl Fn() -> M + Send + Sync,
) -> Result<RehearsedEvents, RehearseError> {
    let (started, id) = (Instant::now(), configurations.present.id);
    let mut found = RehearsedEvents::default();
    let (mut cursor, mut looked_at, mut bytes) = (Cursor::Start, 0, 0);
    while found.rehearsed < events.last {
        let newest = EventQuery::newest(vec![id], PAGE.min(events.last));
        let (event_types, starting_at_ms) = (events.event_types.clone(), events.starting_at_ms);
        let query = EventQuery { cursor, event_types, starting_at_ms, ..newest };
        let held = memory();
        let page = match stored_request::page(engine, &query, &held).await {
            Err(error) if error.is_passing() && found.rehearsed > 0 => return Ok(found.stopped_early()),
            page => page?,
        };
        let Some(oldest) = page.items.last().map(|event| event.id) else { break };
        for event in page.items {
            if found.rehearsed == events.last {
                return Ok(found.with_more());
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
            let rehearsed = match stored_request::kept_body(engine, id, &event, &held).await {
                Ok(Some(body)) => {
                    bytes += body.as_bytes().len();
                    both(engine, &configurations, &event, &body).await
                }
                Ok(None) => {
                    found.not_kept += 1;
                    continue;
                }
                Err(error) => Err(error),
            };
            match rehearsed {
                Ok((present, proposed)) => {
                    let is_listed = found.listed.len() < events.listed;
                    found.add(&event, &present, &proposed);
                    if is_listed {
                        found.listed.push(ListedEvent::of(&event, proposed));
                    }
                }
                Err(error) if error.is_passing() && found.rehearsed > 0 => return Ok(found.stopped_early()),
                Err(error) => return Err(error),
            }
        }
        if !page.has_after {
            break;
        }
        if found.rehearsed == events.last {
            return Ok(found.with_more());
        }
        cursor = Cursor::After(oldest);
    }
    Ok(found)
}

/// The items of an event, settled.
type SettledItems = Vec<(Prepared, Settlement)>;

async fn both(
    engine: &Engine,
    configurations: &Configurations<'_>,
    event: &StoredEvent,
    body: &Body,
) -> Result<(SettledItems, SettledItems), RehearseError> {
    let Configurations { present, proposed, plugin } = configurations;
    Ok((one(engine, present, plugin, event, body).await?, one(engine, proposed, plugin, event, body).await?))
}

/// Returns the settled items of an event with one configuration.
async fn one(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    event: &StoredEvent,
    body: &Body,
) -> Result<SettledItems, RehearseError> {
    let mut items = stored_request::items(engine, endpoint, plugin, event, body).await?;
    for plan in items.iter_mut().filter_map(|item| item.plan.as_mut()) {
        // Its own execution would count as an earlier one.
        plan.key = None;
    }
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce: None };
    let rehearsal = engine.store.rehearse(&job).await?;
    Ok(job.items.into_iter().zip(rehearsal.settlements).collect())
}
