//! Converts stored replays to responses.

use inlet_api_types::replays::{Replay, ReplayFilter};
use inlet_core::time;
use inlet_store::{ReplayFilter as StoredFilter, ReplayRecord};

/// Returns a replay and its progress.
pub fn replay(record: ReplayRecord) -> Replay {
    Replay {
        id: record.id.to_string(),
        state: record.state.as_str().to_owned(),
        filter: filter(record.filter),
        rate_per_second: record.rate_per_second,
        total: record.total,
        done: record.tally.done,
        failed: record.tally.failed,
        outcomes: record.tally.counts,
        last_error: record.tally.last_error,
        started_at: time::write_ms(record.started_at_ms),
        finished_at: record.finished_at_ms.map(time::write_ms),
    }
}

fn filter(stored: StoredFilter) -> ReplayFilter {
    let ids: Vec<String> = stored.ids.iter().map(ToString::to_string).collect();
    let outcomes = stored.outcomes.into_iter().map(|outcome| outcome.as_str().to_owned());
    ReplayFilter {
        outcome: ids.is_empty().then(|| outcomes.collect()),
        code: stored.code,
        event_type: stored.event_type,
        starting_at: stored.starting_at_ms.map(time::write_ms),
        ending_at: stored.ending_at_ms.map(time::write_ms),
        ids: Some(ids).filter(|ids| !ids.is_empty()),
        force: stored.force,
    }
}
