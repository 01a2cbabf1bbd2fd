//! Rehearsing the newest stored events with a proposed configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{
    optional_whole_number,
    sources::{MappingRequest, SettingsRequest},
};

/// The most events that are rehearsed.
const MAX_EVENTS: u64 = 200;
/// The number of events that are rehearsed if none is given.
const DEFAULT_EVENTS: u64 = 100;

/// The events to rehearse, and the configuration to try them with: `settings`, `mappings` or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearseLastEvents {
    /// Events of this type only: the whole type, or a mapping's name such as `Paid` for `track/Paid`. Any type if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The number of newest events to rehearse; 100 if absent.
    #[serde(default, deserialize_with = "read_last", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 200)]
    pub last: Option<u64>,
    /// Settings to try, merged into the present ones as by `PUT /v1/sources/{key}`. They are not saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsRequest>,
    /// All mappings to try, in place of the present ones. They are not saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub mappings: Option<Vec<MappingRequest>>,
}

impl RehearseLastEvents {
    /// Returns the number of newest events to rehearse.
    pub fn last(&self) -> u64 {
        self.last.unwrap_or(DEFAULT_EVENTS)
    }
}

fn read_last<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    optional_whole_number(deserializer, 1..=MAX_EVENTS, |_| format!("expected a whole number from 1 to {MAX_EVENTS}"))
}

/// The summary of the events, each rehearsed with the present and with the proposed configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedLastEvents {
    /// The number of events.
    pub rehearsed: usize,
    /// The number of events with which both configurations do the same.
    pub same: usize,
    /// The number of other events.
    pub different: usize,
    /// The number of log entries that were passed over because their bodies are no longer stored.
    pub not_kept: usize,
    /// True if the rehearsal ended at a limit before it reached the number of events: 30 s, 64 MiB, 1,000 log entries, or no
    /// free sandbox or memory.
    pub stopped_early: bool,
    /// The results with the present configuration.
    pub present: RehearsalTotals,
    /// The results with the proposed configuration.
    pub proposed: RehearsalTotals,
    /// The newest 20 events that differ, newest first.
    pub differences: Vec<RehearsalDifference>,
}

/// The results with one configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsalTotals {
    /// The number of items, by outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// The number of actions, by type and status.
    pub actions: Vec<RehearsedActionCount>,
    /// The warnings of items and actions, the most frequent first.
    pub warnings: Vec<RehearsalMessage>,
    /// The number of warnings beyond the first 50 distinct ones.
    pub warnings_left_out: usize,
    /// The errors of actions, and of items that would fail or be rejected, the most frequent first.
    pub errors: Vec<RehearsalMessage>,
    /// The number of errors beyond the first 50 distinct ones.
    pub errors_left_out: usize,
}

/// The number of actions of one type that would end in one status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedActionCount {
    /// The action, for example `workflows_trigger`.
    pub action_type: String,
    /// `success`, `skipped` or `error`.
    pub status: String,
    /// The number of actions.
    pub count: usize,
}

/// A warning or an error, and its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsalMessage {
    /// The reason, machine-readable; absent for a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The sentence. What was received reads `…` if the environment hides personal data.
    pub message: String,
    /// The number of times.
    pub count: usize,
}

/// An event with which the configurations do something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsalDifference {
    /// The id of its log entry.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type in its log entry.
    pub event_type: String,
    /// The outcomes of its first 20 items with the present configuration.
    pub present: Vec<String>,
    /// The outcomes of its first 20 items with the proposed configuration.
    pub proposed: Vec<String>,
    /// The members that differ, for example `outcome`, `actions` (the payloads) or `results` (the statuses, reasons and
    /// warnings of the actions).
    pub members: Vec<String>,
}
