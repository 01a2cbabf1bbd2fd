//! Rehearsing the newest stored events with a proposed configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{RehearsedAction, RehearsedMapping};
use crate::{
    optional_whole_number,
    sources::{MappingRequest, SettingsRequest},
};

/// The most events that are rehearsed.
const MAX_EVENTS: u64 = 1_000;
/// The most events that are listed.
const MAX_LISTED: u64 = 20;
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
    #[schema(minimum = 1, maximum = 1000)]
    pub last: Option<u64>,
    /// Events that were logged at this time or later only, for example `2026-01-02T03:04:05Z`. Any time if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub starting_at: Option<String>,
    /// The number of newest events to list with what the proposed configuration would do; none if absent.
    #[serde(default, deserialize_with = "read_list", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 20)]
    pub list: Option<u64>,
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

fn read_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    optional_whole_number(deserializer, 1..=MAX_LISTED, |_| format!("expected a whole number from 1 to {MAX_LISTED}"))
}

/// The summary of the events, each rehearsed with the present and with the proposed configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
    /// True if there are older events of this kind that were not rehearsed.
    #[serde(default)]
    pub has_more: bool,
    /// The time of receipt of the oldest event; null if there is none.
    #[serde(default)]
    #[schema(required, format = DateTime)]
    pub oldest_received_at: Option<String>,
    /// The results with the present configuration.
    pub present: RehearsalTotals,
    /// The results with the proposed configuration.
    pub proposed: RehearsalTotals,
    /// The newest 20 events that differ, newest first.
    pub differences: Vec<RehearsalDifference>,
    /// The effects of the proposed mappings that applied to an event. Duplicates of an earlier execution do not count.
    #[serde(default)]
    pub by_mapping: Vec<RehearsedMappingEffect>,
    /// The newest events, as many as `list` says, with what the proposed configuration would do.
    #[serde(default)]
    pub events: Vec<RehearsedLastEvent>,
}

/// The effect of one proposed mapping on the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedMappingEffect {
    /// The mapping's id. A new mapping has an id of this response only.
    #[schema(format = Uuid)]
    pub mapping: String,
    /// True if the mapping is not saved.
    pub is_new: bool,
    /// The event type that the mapping matches.
    pub event_type: String,
    /// The action.
    pub action_type: String,
    /// The number of items that the mapping applied to.
    pub items: usize,
    /// The number of its actions that would have succeeded.
    pub successful: usize,
    /// The number of its actions that would have been skipped.
    pub skipped: usize,
    /// The number of its actions that would have failed.
    pub failed: usize,
    /// The number of workflow runs.
    pub runs: usize,
    /// The number of distinct recipients of these runs.
    pub recipients: usize,
    /// True if there are more distinct recipients than the first 100,000.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub has_more_recipients: bool,
}

/// An event, and what the proposed configuration would do with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedLastEvent {
    /// The id of its log entry.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type in its log entry.
    pub event_type: String,
    /// The time of receipt.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The items of the event.
    pub items: Vec<RehearsedLastItem>,
}

/// An item of an event. What was received reads `…` if the environment hides personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedLastItem {
    /// The event type that mappings match; empty if the item has none.
    pub event_type: String,
    /// `executed`, `skipped`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    pub outcome: String,
    /// The reason of the outcome, human-readable.
    #[schema(required)]
    pub reason: Option<String>,
    /// The mappings, oldest first, each with its match or the reason of its mismatch.
    pub mappings: Vec<RehearsedMapping>,
    /// The number of mappings that do not match and are left out.
    pub mappings_left_out: usize,
    /// The actions, in the order of execution.
    pub actions: Vec<RehearsedAction>,
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
