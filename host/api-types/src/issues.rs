//! Issues: failures grouped by cause.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::PageInfo;

/// The issues, the last seen first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Issues)]
pub struct IssueList {
    /// The issues.
    pub entries: Vec<Issue>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}

/// Failures with one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Issue {
    /// The id. The same cause has the same id again.
    #[schema(format = Uuid)]
    pub id: String,
    /// The environment.
    pub environment: String,
    /// The source; null for deliveries.
    #[schema(required)]
    pub source: Option<String>,
    /// The target; null unless deliveries fail.
    #[schema(required)]
    pub target: Option<String>,
    /// The stage that fails: `verify` (requests are refused), `translate` (the plugin fails), `read` (items are rejected), `act`
    /// (an action fails) or `deliver`.
    pub stage: String,
    /// `refused`, `failed` or `rejected`, as in what needs attention.
    pub kind: String,
    /// The reason of the refusals, or the code of the log entries; `other` for causes that have no issue of their own.
    pub code: String,
    /// The mapping that is to blame.
    #[schema(required)]
    pub mapping: Option<IssueMapping>,
    /// The type of the action that is to blame and has no mapping.
    #[schema(required)]
    pub action_type: Option<String>,
    /// The plugin of the last failure; null if none ran.
    #[schema(required)]
    pub plugin: Option<IssuePlugin>,
    /// `open`, `acknowledged`, `muted` or `resolved`.
    pub state: String,
    /// The time of the last change of the state.
    #[schema(format = DateTime)]
    pub state_since: String,
    /// The end of the mute; null if it is muted for good, or not muted.
    #[schema(required, format = DateTime)]
    pub muted_until: Option<String>,
    /// The number of failures. For `other`, of several causes.
    pub count: u64,
    /// The number of times that a failure opened the resolved issue again.
    pub reopened_count: u64,
    /// The time of the first failure.
    #[schema(format = DateTime)]
    pub first_seen_at: String,
    /// The time of the last failure.
    #[schema(format = DateTime)]
    pub last_seen_at: String,
    /// The last log entry, which retention may have deleted; null for refused requests.
    #[schema(required, format = Uuid)]
    pub last_log_id: Option<String>,
    /// The last refused request, which may have left its ring; null for everything else.
    #[schema(required, format = Uuid)]
    pub last_refused_id: Option<String>,
    /// The repair, in a sentence.
    pub what_to_do: String,
}

/// A mapping of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssueMapping {
    /// The id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type that it matches; null if it was deleted.
    #[schema(required)]
    pub event_type: Option<String>,
    /// The type of its action; null if it was deleted.
    #[schema(required)]
    pub action_type: Option<String>,
}

/// A version of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuePlugin {
    /// The key.
    pub key: String,
    /// The version.
    pub version: String,
}

/// The end of a mute: a time, a number of seconds from now, or none if neither is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NewMute)]
pub struct MuteIssue {
    /// Until this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// The number of seconds that the mute lasts, at most a year.
    #[serde(default, deserialize_with = "read_seconds", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 31_536_000)]
    pub seconds: Option<u32>,
}

const YEAR_SECONDS: u32 = 31_536_000;

fn read_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    crate::optional_whole_number(deserializer, 1..=YEAR_SECONDS, |_| {
        format!("expected a whole number from 1 to {YEAR_SECONDS}, which is a year")
    })
}
