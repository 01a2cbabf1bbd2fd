//! One item of a rehearsed request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{RawJson, hints::EventHints};

/// One item of the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedItem {
    /// The item's id in this response.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type that mappings match; empty if the item has none.
    pub event_type: String,
    /// The user that the event is about.
    #[schema(required)]
    pub user_id: Option<String>,
    /// The plugin's hints about the event; absent if it gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hints: Option<EventHints>,
    /// The idempotency key; null if there is none or it is invalid.
    #[schema(required)]
    pub idempotency_key: Option<String>,
    /// The time of the event; the time of receipt if the platform does not give one.
    #[schema(format = DateTime)]
    pub occurred_at: String,
    /// `executed`, `skipped`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    pub outcome: String,
    /// The reason of the outcome, human-readable.
    #[schema(required)]
    pub reason: Option<String>,
    /// The reason of the outcome, machine-readable.
    #[schema(required)]
    pub code: Option<String>,
    /// The number of recipients that triggers leave out because they are not identified.
    pub skipped_recipients_count: usize,
    /// Conditions that an operator should know although nothing fails.
    pub warnings: Vec<String>,
    /// The redacted paths.
    pub redacted: Vec<String>,
    /// The forwarded headers.
    #[schema(required, value_type = Option<Object>)]
    pub headers: Option<RawJson>,
    /// The event's data, redacted; null if the item is not an event, or if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub data: Option<RawJson>,
    /// The received item, redacted, if it is JSON; null if the response is full.
    #[schema(required, value_type = Value)]
    pub original: Option<RawJson>,
    /// The received item, if it is text but not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_text: Option<String>,
    /// The received item, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_base64: Option<String>,
    /// The result of the idempotency check.
    pub idempotency: RehearsedIdempotency,
    /// The mappings, oldest first, each with its match or the reason of its mismatch.
    pub mappings: Vec<RehearsedMapping>,
    /// The number of mappings that do not match and are left out.
    pub mappings_left_out: usize,
    /// The actions, in the order of execution.
    pub actions: Vec<RehearsedAction>,
}

/// The result of the idempotency check of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedIdempotency {
    /// True if idempotency keys are checked.
    pub enforced: bool,
    /// `none`: all actions are executed; `replays`: none is, because of an earlier execution; `resumes`: only the actions
    /// that failed in that execution are.
    pub verdict: String,
    /// The earlier execution: an event log, or an item of this response.
    #[schema(required, format = Uuid)]
    pub of: Option<String>,
}

/// A mapping and its match with an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedMapping {
    /// The mapping's id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type that the mapping matches.
    pub event_type: String,
    /// The action.
    pub action_type: String,
    /// False for a mapping that matches nothing.
    pub active: bool,
    /// True if the mapping matches the item and its condition holds.
    pub matched: bool,
    /// True if the mapping's condition holds, false if it does not; null if the mapping has none, or is not of the item's
    /// event type.
    #[schema(required)]
    pub condition_held: Option<bool>,
    /// The reason of a mismatch; null for a match.
    #[schema(required)]
    pub why_not: Option<String>,
}

/// The execution of one mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedAction {
    /// The mapping; null for the built-in identify.
    #[schema(required, format = Uuid)]
    pub mapping: Option<String>,
    /// The action, for example `workflows_trigger`.
    pub action_type: String,
    /// `success`, `skipped` or `error`.
    pub status: String,
    /// The mapping's parameters; null if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub parameters: Option<RawJson>,
    /// The resolved parameters; null if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub payload: Option<RawJson>,
    /// The place of each parameter's value: `event`, `item`, `headers`, `constant`, or `each` for a value of an item of
    /// `$each`; null if the response is full. The keys are places in the parameters, such as `data.name.$first[1]`.
    #[schema(required, value_type = Option<Object>)]
    pub found_in: Option<RawJson>,
    /// The result; null if the action would not be executed, or if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub result: Option<RawJson>,
    /// The reason of a skip or an error, human-readable.
    #[schema(required)]
    pub reason: Option<String>,
    /// Conditions that an operator should know although the action is not in error, such as a path that finds nothing.
    pub warnings: Vec<String>,
}
