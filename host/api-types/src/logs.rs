//! The log of a source's events and actions.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    PageInfo, RawJson,
    deliveries::{Delivery, DeliveryCounts},
    hints::EventHints,
    providers::Plugin,
};

/// The filters of every list and stream of event logs. They may be combined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogFilterParams {
    /// Events of this type; `Paid` also finds `track/Paid`, as in a mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// About this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// With this idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// With a trigger that reached or skipped this recipient: the id of a user, or `collection/id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// With an action that ended so: `success`, `skipped` or `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_status: Option<String>,
    /// Events with this outcome, or with one of these: `failed,rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Events with this code, for example `action_failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// True for those that need attention: what failed, was rejected or has a dead delivery, and was neither carried out
    /// again nor dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_attention: Option<bool>,
    /// `actions`: what was done about each event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
}

/// The filters that only the lists of event logs have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogListParams {
    /// Logged on this day, `YYYY-MM-DD`, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Logged at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_at: Option<String>,
    /// Logged before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending_at: Option<String>,
    /// With this text in the received item (its first 256 KiB), the event type, user, idempotency key, code or reason; ASCII
    /// letters in either case. A page looks at 20,000 entries at most, see `searched`. Not where personal data is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// The parameters that only the streams of event logs have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogStreamParams {
    /// The id of a log entry: the stream begins with what was committed after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The way to catch up when the stream is far behind. `send`: everything is sent, the oldest first; `skip`: it goes on
    /// with the newest and says so; `send` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
}

/// A page of event logs, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceLogs)]
pub struct SourceLogList {
    /// The event logs; of one batch the last item first.
    pub entries: Vec<SourceLog>,
    /// The cursors of the page. With `searched` there may be a next page although this one is short or empty.
    pub page_info: PageInfo,
    /// The reach of a `search`, and of filters that no index has together: a page looks at 20,000 entries at most. Absent if
    /// it was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<SearchedLogs>,
}

/// The reach of one page of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchedLogs {
    /// The number of entries that were looked at.
    pub entries: usize,
    /// The time of logging of the last one that was looked at; null if there was none.
    #[schema(required, format = DateTime)]
    pub as_far_as: Option<String>,
    /// True if nothing is left to look at in this direction.
    pub is_complete: bool,
}

/// A received item, the event that it was translated to, and the actions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceLog {
    /// The entry's id. Later entries have greater ids.
    #[schema(format = Uuid)]
    pub id: String,
    /// The source.
    pub source: String,
    /// The environment.
    pub environment: String,
    /// The same as `event_type`.
    pub event: String,
    /// The event type that mappings match; empty if the item has none.
    pub event_type: String,
    /// The user that the event is about.
    #[schema(required)]
    pub user_id: Option<String>,
    /// The plugin's hints about the event; absent if it gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hints: Option<EventHints>,
    /// The event's data; null if the item is not an event, or if the data is too long for a list.
    #[schema(required, value_type = Option<Object>)]
    pub data: Option<RawJson>,
    /// The length of `data` in bytes; null if there is none.
    #[schema(required)]
    pub data_size: Option<u64>,
    /// The received item, if it is JSON; null in a list if it is too long, and if `body_removed` is true.
    #[schema(required, value_type = Value)]
    pub original: Option<RawJson>,
    /// The received item, if it is text but not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_text: Option<String>,
    /// The received item, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_base64: Option<String>,
    /// The length of the received item in bytes; 0 if `body_removed` is true.
    pub original_size: u64,
    /// True if the received item is no longer stored (see the environment's `body_retention_days` and `keep_bodies`). Then
    /// `original`, `data`, `headers` and payloads are null, and `logs` is empty.
    pub body_removed: bool,
    /// True if the environment hides personal data. Then every received text and number is returned as `…`.
    pub personal_data_hidden: bool,
    /// `executed`, `skipped`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    pub outcome: String,
    /// True if the event is a replay of an earlier execution with the same key.
    pub idempotent: bool,
    /// The execution that the event replays.
    #[schema(required, format = Uuid)]
    pub replay_of: Option<String>,
    /// The execution whose failed actions the event carried out.
    #[schema(required, format = Uuid)]
    pub resumes: Option<String>,
    /// The number of recipients that triggers left out because they are not identified; see `skipped_recipients` of each
    /// action's result.
    pub skipped_recipients_count: usize,
    /// The entry that this one carried out again, for a replay or a retry of the server.
    #[schema(required, format = Uuid)]
    pub rerun_of: Option<String>,
    /// The entries that carried this one out again, oldest first, at most 100.
    pub rerun_as: Vec<String>,
    /// The number of times that the same signed bytes came again, at the first entry of their request. Nothing ran then.
    pub resends: u64,
    /// True if the item failed or was rejected, and was neither carried out again nor dismissed.
    pub needs_attention: bool,
    /// The time of the next retry; null if there is none.
    #[schema(required, format = DateTime)]
    pub retry_at: Option<String>,
    /// The idempotency key; null if there is none or it is invalid.
    #[schema(required)]
    pub idempotency_key: Option<String>,
    /// The reason of the outcome, human-readable.
    #[schema(required)]
    pub reason: Option<String>,
    /// The reason of the outcome, machine-readable.
    #[schema(required)]
    pub code: Option<String>,
    /// `verified`, `write_key`, `failed`, `missing` or `not_configured`, with the prefix `enforced:` if verification is
    /// enforced. `write_key` proves less than `verified`: browsers show the key to everybody.
    pub verification_status: String,
    /// The time of the event; the time of receipt if the platform does not give one.
    #[schema(format = DateTime)]
    pub occurred_at: String,
    /// The time of receipt.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The time of logging, which the id contains.
    #[schema(format = DateTime)]
    pub inserted_at: String,
    /// The stored headers.
    #[schema(required, value_type = Option<Object>)]
    pub headers: Option<RawJson>,
    /// The plugin that translated the item.
    pub plugin: Plugin,
    /// The plugin's log lines about the request.
    #[schema(value_type = Vec<Object>)]
    pub logs: RawJson,
    /// Conditions that an operator should know although nothing failed.
    pub warnings: Vec<String>,
    /// The redacted paths.
    pub redacted: Vec<String>,
    /// The times that the stages of its request took; null for an entry that no request brought, such as a replay.
    #[schema(required)]
    pub stage_times: Option<StageTimes>,
    /// Not supported: always null.
    #[schema(required, value_type = Option<Object>)]
    pub preprocess_output: (),
    /// The actions in the order of execution; only with `include=actions` or `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<SourceLogAction>>,
    /// The numbers of its runs' deliveries by status, of the first 1,000; absent from streams, which show an entry before
    /// anything is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_counts: Option<DeliveryCounts>,
    /// The newest deliveries of its runs, at most 100; only with `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<Vec<Delivery>>,
}

/// The largest number of deliveries that `delivery_counts` of an entry counts.
pub const MAX_COUNTED_DELIVERIES: u64 = 1000;

/// The times that the stages of a request took, in microseconds, each with an error below 1 %. All items of a request share
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceLogStageTimes)]
pub struct StageTimes {
    /// Reading the body.
    pub receive_us: u64,
    /// Checking the signature or the key.
    pub verify_us: u64,
    /// The plugin's translation, with the wait for a free sandbox.
    pub translate_us: u64,
    /// Cutting out values and resolving mappings.
    pub plan_us: u64,
    /// Waiting for the turn in the transaction, and settling in it. The write to the disk, which follows, is not in it.
    pub settle_us: u64,
}

/// The execution of one mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceLogAction {
    /// The entry's id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The mapping; null for the built-in identify and for the error of too many recipients.
    #[schema(required, format = Uuid)]
    pub mapping_id: Option<String>,
    /// The action, for example `workflows_trigger`.
    pub action_type: String,
    /// `success`, `skipped` or `error`.
    pub action_status: String,
    /// The mapping's parameters.
    #[schema(value_type = Object)]
    pub action_parameters: RawJson,
    /// The resolved parameters; null in a list if they are too long.
    #[schema(required, value_type = Option<Object>)]
    pub action_payload: Option<RawJson>,
    /// The length of the payload, in bytes.
    pub action_payload_size: u64,
    /// The result; null if the action was not executed. A trigger has `workflow_run_id` (null if no recipient was left),
    /// `workflow_run_ids` if it was split, `recipients`, and `skipped_recipients` with `id` and `reason` each; if it waits,
    /// also `waiting_recipients`, and `released_recipients` with `id` and `workflow_run_id` each.
    #[schema(required, value_type = Option<Object>)]
    pub action_result: Option<RawJson>,
    /// The reason of a skip or an error, human-readable.
    #[schema(required)]
    pub reason: Option<String>,
    /// The place of each parameter's value: `event`, `item`, `headers`, `constant`, or `each` for a value of an item of
    /// `$each`. The keys are places in the parameters, such as `data.name.$first[1]`.
    #[schema(value_type = Object)]
    pub found_in: RawJson,
    /// Conditions that an operator should know although the action was not in error, such as a path that finds nothing.
    pub warnings: Vec<String>,
    /// The time of logging.
    #[schema(format = DateTime)]
    pub inserted_at: String,
}

/// The options for replaying one log entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayOptions)]
pub struct ReplayLog {
    /// True to ignore idempotency records: earlier executions with the same key do not count. False if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// The result of replaying a log entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedLog {
    /// The new entry; the first of several.
    #[schema(format = Uuid)]
    pub id: String,
    /// The outcome of the new entry. `replayed`: the event was executed before and was not executed again.
    pub outcome: String,
    /// The replayed entry.
    #[schema(format = Uuid)]
    pub rerun_of: String,
    /// The number of new entries: one, unless the whole request had failed.
    pub count: usize,
    /// The first new entries, with their actions: at most 100, and fewer if they are long.
    pub entries: Vec<SourceLog>,
}
