//! The preview of a replay of many events: how many they are, and what would come of the first ones. Nothing is written.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::try_join;
use inlet_core::{Uuid, settle::Job};
use inlet_store::{ReadError, ReplayFilter};

use super::event_replayer::{EventReplayError, EventReplayer};
use crate::{Engine, ingest::rehearse_last::Totals, snapshot::Endpoint};

/// The events that are rehearsed at most.
const MAX_REHEARSED: usize = 20;
/// The time after which no further event is rehearsed.
const MAX_TIME: Duration = Duration::from_secs(2);
/// The oldest events that are looked at to count those that a filter selects.
const LOOKED_AT: i64 = 20_000;

/// The expected result of a replay.
#[derive(Default)]
pub struct ReplayPreview {
    /// The number of events that the filter selects now.
    pub total: i64,
    /// True if there are more events, which were not looked at.
    pub has_more: bool,
    /// The number of events that were rehearsed: the oldest ones.
    pub rehearsed: usize,
    /// The number of rehearsed events that could not be carried out again.
    pub failed: usize,
    /// The reason why the last of them could not be.
    pub last_error: Option<String>,
    /// The results of the others, each as if it were carried out alone.
    pub totals: Totals,
}

/// Counts the events that a filter selects, and rehearses the first ones as a replay would carry them out.
pub async fn preview(
    engine: &Engine,
    endpoint: Arc<Endpoint>,
    filter: &ReplayFilter,
) -> Result<ReplayPreview, ReadError> {
    let (store, id, now) = (&engine.store, endpoint.id, engine.store.clock().new_id());
    let edge = match filter.ids.is_empty() {
        true => store.replay_edge(id, filter, now, LOOKED_AT).await?,
        false => None,
    };
    let before = edge.unwrap_or(now);
    let count = async {
        match filter.ids.len() {
            0 => store.replay_count_before(id, filter, before).await,
            ids => Ok(ids as i64),
        }
    };
    let rehearse = async {
        let ids = match filter.ids.as_slice() {
            [] => store.replay_next(id, filter, (Uuid::nil(), before), MAX_REHEARSED).await?,
            ids => ids.iter().take(MAX_REHEARSED).copied().collect(),
        };
        rehearse(engine, endpoint, &ids, filter.force).await
    };
    let (total, rehearsed) = try_join(count, rehearse).await?;
    Ok(ReplayPreview { total, has_more: edge.is_some(), ..rehearsed })
}

/// Rehearses events one after another, as long as there is time.
async fn rehearse(
    engine: &Engine,
    endpoint: Arc<Endpoint>,
    ids: &[Uuid],
    force: bool,
) -> Result<ReplayPreview, ReadError> {
    let started = Instant::now();
    let mut preview = ReplayPreview::default();
    let mut replayer = EventReplayer::new(engine.clone(), endpoint.clone());
    for id in ids {
        if started.elapsed() > MAX_TIME {
            break;
        }
        let items = match replayer.prepare(*id, force).await {
            Ok(ready) => ready.into_parts().0,
            Err(EventReplayError::Read(error)) => return Err(error),
            // No sandbox is free: what was rehearsed until now is told.
            Err(error) if error.is_passing() => break,
            Err(error) => {
                preview.rehearsed += 1;
                preview.failed += 1;
                preview.last_error = Some(error.to_string());
                continue;
            }
        };
        let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce: None };
        let rehearsal = engine.store.rehearse(&job).await?;
        let settled: Vec<_> = job.items.into_iter().zip(rehearsal.settlements).collect();
        preview.rehearsed += 1;
        preview.totals.add(&settled);
    }
    Ok(preview)
}
