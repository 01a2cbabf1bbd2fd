//! Converts stored replays to responses.

use std::collections::BTreeMap;

use inlet_core::{log::Outcome, time};
use inlet_store::{ReplayFilter, ReplayRecord};
use serde::Serialize;
use utoipa::ToSchema;

/// A replay of many events: what is asked for, and how far it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Replay)]
pub struct ShownReplay {
    /// Its id. Only events that were logged before it are replayed.
    #[schema(format = Uuid)]
    id: String,
    /// `running`, `finished` or `cancelled`. A running one goes on after a restart.
    #[schema(value_type = String)]
    state: &'static str,
    /// What it replays.
    filter: ShownFilter,
    /// At most so many events a second.
    rate_per_second: u32,
    /// How many events it found when it began; null until they are counted.
    #[schema(required)]
    total: Option<i64>,
    /// How many of them were looked at.
    done: i64,
    /// How many could not be carried out again and are as they were.
    failed: i64,
    /// What became of the new events: how many of which outcome.
    outcomes: BTreeMap<String, i64>,
    /// Why the last one could not be carried out again.
    #[schema(required)]
    last_error: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended; null while it is running.
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
}

/// What a replay replays.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayFilter)]
pub struct ShownFilter {
    /// Events of these outcomes; null with `ids`.
    #[schema(required)]
    outcome: Option<Vec<&'static str>>,
    /// Of this code.
    #[schema(required)]
    code: Option<String>,
    /// Of this event type.
    #[schema(required)]
    event_type: Option<String>,
    /// Logged at this time or later.
    #[schema(required, format = DateTime)]
    starting_at: Option<String>,
    /// Logged before this time.
    #[schema(required, format = DateTime)]
    ending_at: Option<String>,
    /// These log entries and no others.
    #[schema(required)]
    ids: Option<Vec<String>>,
    /// Whether idempotency is bypassed.
    force: bool,
}

impl ShownReplay {
    /// A replay as it is shown.
    pub fn of(replay: ReplayRecord) -> Self {
        Self {
            id: replay.id.to_string(),
            state: replay.state.as_str(),
            filter: ShownFilter::of(replay.filter),
            rate_per_second: replay.rate_per_second,
            total: replay.total,
            done: replay.tally.done,
            failed: replay.tally.failed,
            outcomes: replay.tally.counts,
            last_error: replay.tally.last_error,
            started_at: time::write_ms(replay.started_at_ms),
            finished_at: replay.finished_at_ms.map(time::write_ms),
        }
    }
}

impl ShownFilter {
    fn of(filter: ReplayFilter) -> Self {
        let ids: Vec<String> = filter.ids.iter().map(ToString::to_string).collect();
        Self {
            outcome: ids.is_empty().then(|| filter.outcomes.into_iter().map(Outcome::as_str).collect()),
            code: filter.code,
            event_type: filter.event_type,
            starting_at: filter.starting_at_ms.map(time::write_ms),
            ending_at: filter.ending_at_ms.map(time::write_ms),
            ids: Some(ids).filter(|ids| !ids.is_empty()),
            force: filter.force,
        }
    }
}
