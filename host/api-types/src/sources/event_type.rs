//! The event types that a source has sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// The event types that a source has sent, the last received first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceEvents {
    /// The event types.
    pub entries: Vec<SourceEvent>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
    /// The time over which `recent` counts; only with `include=activity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<EventActivity>,
}

/// An event type that a source has sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceEvent {
    /// The event type; `other` stands for those beyond the first 10,000.
    pub event: String,
    /// The time of the last event.
    #[schema(format = DateTime)]
    pub last_received_at: String,
    /// The number of events.
    pub count: i64,
    /// The number of events in each step of `activity`; only with `include=activity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent: Option<Vec<u64>>,
}

/// The time over which events were counted by type: the last day, or less where very many events came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventActivity {
    /// The begin of the first step.
    #[schema(format = DateTime)]
    pub from: String,
    /// The end of the last step.
    #[schema(format = DateTime)]
    pub to: String,
    /// The number of steps of equal length.
    pub steps: usize,
    /// The number of events that were counted.
    pub counted: u64,
}

/// The fields of the newest stored events of one type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceEventFields {
    /// The event type.
    pub event: String,
    /// The number of events that were examined.
    pub examined: usize,
    /// The number of newest events that were passed over because their bodies are no longer stored, or are over 16 KiB.
    pub left_out: usize,
    /// True if there are older events of the type.
    pub has_more: bool,
    /// The time of receipt of the oldest event that was examined; null if there is none.
    #[schema(required, format = DateTime)]
    pub oldest_received_at: Option<String>,
    /// The fields of the events' data, with paths that begin with `data`.
    pub data: Vec<SourceEventField>,
    /// The fields of the items as they came, with paths that begin with `body`.
    pub body: Vec<SourceEventField>,
    /// True if some fields are missing: those beyond 1,000, or beyond 16 levels, or in items of a list beyond 20.
    pub is_cut: bool,
    /// True if the environment hides personal data. Then there are no examples.
    pub personal_data_hidden: bool,
}

/// A field of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceEventField {
    /// The path, as mappings write it. `[]` stands for every item of a list.
    pub path: String,
    /// The number of events that have the field.
    pub count: usize,
    /// The number of events by the type of the value: `string`, `number`, `boolean`, `null`, `object` or `array`.
    pub types: BTreeMap<String, usize>,
    /// Up to 3 values.
    #[schema(value_type = Vec<Value>)]
    pub examples: Vec<RawJson>,
}
