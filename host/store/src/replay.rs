//! Replays of many events: what is asked for, and how far it is.

use std::collections::BTreeMap;

use inlet_core::log::Outcome;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which events a replay carries out again. Of those that failed or were rejected only such that still need attention.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReplayFilter {
    /// Of these outcomes.
    pub outcomes: Vec<Outcome>,
    /// Of this code.
    pub code: Option<String>,
    /// Of this event type.
    pub event_type: Option<String>,
    /// Not before this time, in milliseconds since 1970, by the time in the id.
    pub starting_at_ms: Option<i64>,
    /// Before this time, in milliseconds since 1970, by the time in the id.
    pub ending_at_ms: Option<i64>,
    /// These, whatever else is said; empty: all that the rest says. Sorted.
    pub ids: Vec<Uuid>,
    /// Earlier executions with their keys do not count.
    pub force: bool,
}

/// A replay to start.
#[derive(Debug, Clone)]
pub struct NewReplay {
    /// UUIDv7; only events with smaller ids are replayed.
    pub id: Uuid,
    /// Where.
    pub source_environment_id: i64,
    /// What.
    pub filter: ReplayFilter,
    /// At most so many events a second.
    pub rate_per_second: u32,
}

/// How a replay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayState {
    /// It goes on, also after a restart.
    Running,
    /// It came to its end.
    Finished,
    /// Somebody ended it.
    Cancelled,
}

impl ReplayState {
    /// The name used in answers.
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
    /// Where.
    pub source_environment_id: i64,
    /// How it stands.
    pub state: ReplayState,
    /// What it replays.
    pub filter: ReplayFilter,
    /// At most so many events a second.
    pub rate_per_second: u32,
    /// How many events it found; none until they are counted.
    pub total: Option<i64>,
    /// How far it is.
    pub tally: Tally,
    /// When it was asked for, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// When it ended, in milliseconds since 1970.
    pub finished_at_ms: Option<i64>,
}

/// What a replay has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// The last entry that was looked at; nil before the first.
    pub position: Uuid,
    /// Entries that were looked at.
    pub done: i64,
    /// Entries that could not be carried out again and stay as they were.
    pub failed: i64,
    /// What became of the new events: how many of which outcome.
    pub counts: BTreeMap<String, i64>,
    /// Why the last one could not be carried out again.
    pub last_error: Option<String>,
}

/// A step of a replay, written with the events of the step.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The replay.
    pub replay_id: Uuid,
    /// Where it stood before the step.
    pub from: Uuid,
    /// Where it stands after it, but for the outcomes of the step's own events, which the store adds.
    pub tally: Tally,
}
