//! Issues: failures grouped by cause.

use inlet_core::issues::{Issue, IssueStage};
use uuid::Uuid;

/// An issue as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRecord {
    /// The id, which the cause determines.
    pub id: Uuid,
    /// The environment's database id.
    pub environment_id: i64,
    /// The source environment's database id; none for an issue of a target.
    pub source_environment_id: Option<i64>,
    /// The target's key.
    pub target: Option<String>,
    /// The stage that fails.
    pub stage: IssueStage,
    /// The code, a short word.
    pub code: String,
    /// The mapping that is to blame.
    pub mapping: Option<Uuid>,
    /// The type of the action that is to blame and has no mapping.
    pub action: Option<String>,
    /// The key and the version of the plugin of the last failure.
    pub plugin: Option<(String, String)>,
    /// The state, and the failures.
    pub issue: Issue,
    /// The first log entry, or refused request.
    pub first_entry: Uuid,
    /// The last log entry, or refused request.
    pub last_entry: Uuid,
}
