//! Replays of many events: their filter and their progress.

use std::collections::BTreeMap;

use inlet_core::log::Outcome;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Selects the events of a replay. Events that failed or were rejected are selected only while they need attention.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReplayFilter {
    /// Events with one of these outcomes.
    pub outcomes: Vec<Outcome>,
    /// Events with this code.
    pub code: Option<String>,
    /// Events of this type.
    pub event_type: Option<String>,
    /// Events of this type as well: the track event that a plain name matches. Replays of earlier versions have none.
    #[serde(default)]
    pub track_event_type: Option<String>,
    /// Events from this time on, in milliseconds since 1970, by the time in the id.
    pub starting_at_ms: Option<i64>,
    /// Events before this time, in milliseconds since 1970, by the time in the id.
    pub ending_at_ms: Option<i64>,
    /// Exactly these events, sorted; if it is empty, the other fields select.
    pub ids: Vec<Uuid>,
    /// True if earlier executions with the same idempotency keys do not count.
    pub force: bool,
}

/// A replay to start.
#[derive(Debug, Clone)]
pub struct NewReplay {
    /// UUIDv7; only events with smaller ids are replayed.
    pub id: Uuid,
    /// The source environment's database id.
    pub source_environment_id: i64,
    /// The events to replay.
    pub filter: ReplayFilter,
    /// The largest number of events per second.
    pub rate_per_second: u32,
}

/// The state of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayState {
    /// The replay goes on, also after a restart.
    Running,
    /// All selected events were replayed.
    Finished,
    /// A user cancelled it.
    Cancelled,
}

impl ReplayState {
    /// Returns the name used in responses.
    pub fn as_str(self) -> &'static str {
        match self {
            ReplayState::Running => "running",
            ReplayState::Finished => "finished",
            ReplayState::Cancelled => "cancelled",
        }
    }
}

/// A replay.
#[derive(Debug, Clone)]
pub struct ReplayRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// The source environment's database id.
    pub source_environment_id: i64,
    /// The state.
    pub state: ReplayState,
    /// The events to replay.
    pub filter: ReplayFilter,
    /// The largest number of events per second.
    pub rate_per_second: u32,
    /// The number of selected events; none until they are counted.
    pub total: Option<i64>,
    /// The work done so far.
    pub tally: ReplayTally,
    /// Start time, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// End time, in milliseconds since 1970.
    pub finished_at_ms: Option<i64>,
}

/// The work that a replay has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayTally {
    /// The last entry that was looked at; nil before the first.
    pub position: Uuid,
    /// The number of entries that were looked at.
    pub done: i64,
    /// The number of entries that could not be replayed and stay unchanged.
    pub failed: i64,
    /// The number of new events by outcome.
    pub counts: BTreeMap<String, i64>,
    /// The reason why the last such entry could not be replayed.
    pub last_error: Option<String>,
}

/// A step of a replay, written with the events of the step.
#[derive(Debug, Clone)]
pub struct ReplayProgress {
    /// The replay.
    pub replay_id: Uuid,
    /// The position before the step.
    pub from: Uuid,
    /// The tally after the step, without the outcomes of the step's own events, which the store adds.
    pub tally: ReplayTally,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_was_stored_without_the_track_event_selects_as_it_did() {
        let stored = r#"{"outcomes":[],"code":null,"event_type":"Paid","starting_at_ms":null,"ending_at_ms":null,"ids":[],
            "force":false}"#;
        let filter: ReplayFilter = serde_json::from_str(stored).unwrap();
        assert_eq!((filter.event_type.as_deref(), filter.track_event_type), (Some("Paid"), None));
    }
}
