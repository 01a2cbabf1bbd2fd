//! The status of a source.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::providers::Plugin;

/// The status of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceStatus {
    /// Always empty: changes are in force at once.
    #[schema(value_type = Vec<Object>)]
    pub mappings_requiring_commit: [(); 0],
    /// The number of mappings, including inactive ones.
    pub mappings_count: usize,
    /// The number of items received since the source was created.
    pub events_count: i64,
    /// The time of the last item.
    #[schema(required, format = DateTime)]
    pub last_event_received: Option<String>,
    /// The plugin in the first of the requested environments; null if this server does not have it.
    #[schema(required)]
    pub plugin: Option<Plugin>,
    /// Items that failed or were rejected, and refused requests.
    pub needs_attention: NeedsAttention,
    /// Recipients that triggers left out because they are not identified.
    pub skipped_recipients: SkippedRecipients,
    /// Conditions that an operator should know.
    pub notes: Vec<String>,
}

/// The status of a source in one environment, as a list of sources includes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceEnvironmentStatus {
    /// The number of mappings, including inactive ones.
    pub mappings_count: usize,
    /// The number of items received since the source was created.
    pub events_count: i64,
    /// The time of the last item.
    #[schema(required, format = DateTime)]
    pub last_event_received: Option<String>,
    /// The plugin; null if this server does not have it.
    #[schema(required)]
    pub plugin: Option<Plugin>,
    /// Items that failed or were rejected, and refused requests.
    pub needs_attention: NeedsAttention,
    /// Conditions of the source that an operator should know.
    pub notes: Vec<String>,
}

/// Recipients that triggers left out because they are not identified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedRecipients {
    /// The number in the event logs that are kept.
    pub count: i64,
    /// The last ones, the newest first, at most 10: a user's id, or `collection/id` of an object; `…` if the environment
    /// hides personal data.
    pub last_ids: Vec<String>,
}

/// Items and requests that need attention.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NeedsAttention {
    /// The number of items that failed or were rejected and are neither repaired nor dismissed, plus refused requests.
    pub count: i64,
    /// The time of the oldest of them; null if there are none.
    #[schema(required, format = DateTime)]
    pub oldest_at: Option<String>,
    /// The same by cause, the most frequent first.
    pub causes: Vec<AttentionCause>,
}

/// A cause for attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttentionCause {
    /// The environment.
    pub environment: String,
    /// `failed`, `rejected` or `refused`.
    pub kind: String,
    /// The code of the log entries, or the reason of the refusals.
    pub cause: String,
    /// The number of items or requests.
    pub count: i64,
    /// The time of the oldest of them.
    #[schema(format = DateTime)]
    pub oldest_at: String,
    /// The repair, in a sentence.
    pub what_to_do: String,
}
