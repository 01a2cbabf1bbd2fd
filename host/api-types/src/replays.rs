//! Replays: background jobs that carry stored events out again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    PageInfo,
    pace::{DEFAULT_RATE, read_max_age, read_rate},
    rehearsals::RehearsalTotals,
};

/// The events to carry out again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NewReplay)]
pub struct CreateReplay {
    /// Events with these outcomes; `["failed", "rejected"]` if absent. Of those two, only events that still need attention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Vec<String>>,
    /// Events with this code, for example `time` or `action_failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same as `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Events of this type; `Paid` also selects `track/Paid`, as in a mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Events logged at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub starting_at: Option<String>,
    /// Events logged before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub ending_at: Option<String>,
    /// Events that are not older than this, in seconds; an age in place of `starting_at`.
    #[serde(default, deserialize_with = "read_max_age", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 315_360_000)]
    pub max_age_seconds: Option<u32>,
    /// Only these log entries, at most 1000. Excludes all other filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// True to ignore idempotency records; only with `ids`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// The highest rate, in events per second; 50 if absent.
    #[serde(default, deserialize_with = "read_rate", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub rate_per_second: Option<u32>,
}

impl CreateReplay {
    /// Returns the highest rate, in events per second.
    pub fn rate_per_second(&self) -> u32 {
        self.rate_per_second.unwrap_or(DEFAULT_RATE)
    }
}

/// The expected result of a replay. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayPreview {
    /// The number of events that the filter selects now among the oldest 20,000 that it can select.
    pub total: i64,
    /// True if there are more events, which were not looked at.
    pub has_more: bool,
    /// The number of events that were rehearsed: the oldest ones, at most 20.
    pub rehearsed: usize,
    /// The number of rehearsed events that could not be carried out again.
    pub failed: usize,
    /// The reason why the last of them could not be.
    #[schema(required)]
    pub last_error: Option<String>,
    /// The results of the others, each as if it were carried out alone.
    pub totals: RehearsalTotals,
}

/// A replay and its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replay {
    /// The replay's id. Only events logged before it are replayed.
    #[schema(format = Uuid)]
    pub id: String,
    /// `running`, `finished` or `cancelled`. A running replay continues after a restart.
    pub state: String,
    /// The events to carry out again.
    pub filter: ReplayFilter,
    /// The highest rate, in events per second.
    pub rate_per_second: u32,
    /// The number of events found when the replay began; null until they are counted.
    #[schema(required)]
    pub total: Option<i64>,
    /// The number of events processed.
    pub done: i64,
    /// The number of events that could not be carried out again and are unchanged.
    pub failed: i64,
    /// The number of new events by outcome.
    pub outcomes: BTreeMap<String, i64>,
    /// The reason of the last failure.
    #[schema(required)]
    pub last_error: Option<String>,
    /// The creation time.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// The end time; null while the replay is running.
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
}

/// The filter of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayFilter {
    /// Events with these outcomes; null with `ids`.
    #[schema(required)]
    pub outcome: Option<Vec<String>>,
    /// Events with this code.
    #[schema(required)]
    pub code: Option<String>,
    /// Events of this type; `Paid` also selects `track/Paid`, except in replays created before that was so.
    #[schema(required)]
    pub event_type: Option<String>,
    /// Events logged at this time or later.
    #[schema(required, format = DateTime)]
    pub starting_at: Option<String>,
    /// Events logged before this time.
    #[schema(required, format = DateTime)]
    pub ending_at: Option<String>,
    /// Only these log entries.
    #[schema(required)]
    pub ids: Option<Vec<String>>,
    /// True if idempotency records are ignored.
    pub force: bool,
}

/// A page of replays, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Replays)]
pub struct ReplayList {
    /// The replays.
    pub entries: Vec<Replay>,
    /// The cursors of the page.
    pub page_info: PageInfo,
}
