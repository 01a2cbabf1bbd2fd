//! The workflows of an environment: every key that a mapping, a target or a recent run names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::PageInfo;

/// The workflows of an environment, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Workflows)]
pub struct WorkflowList {
    /// The workflows.
    pub entries: Vec<Workflow>,
    /// The number of the environment's newest runs in which `recent_runs` are counted.
    pub runs_looked_at: u64,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Workflow {
    /// The key.
    pub key: String,
    /// The mappings that trigger or cancel it.
    pub triggers: Vec<WorkflowTrigger>,
    /// The keys of the targets that get its runs, unless a mapping names others.
    pub targets: Vec<String>,
    /// True if no target gets its runs, neither by the target's own choice nor by a mapping's.
    pub has_no_target: bool,
    /// The number of its runs among the newest ones of the environment.
    pub recent_runs: u64,
    /// The newest of them; null if there is none.
    #[schema(required, format = Uuid)]
    pub last_run_id: Option<String>,
    /// Its time.
    #[schema(required, format = DateTime)]
    pub last_run_at: Option<String>,
}

/// A mapping that triggers or cancels a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowTrigger {
    /// The source.
    pub source: String,
    /// The mapping.
    #[schema(format = Uuid)]
    pub mapping_id: String,
    /// The event type that it matches.
    pub event_type: String,
    /// `workflows_trigger` or `workflows_cancel`.
    pub action_type: String,
    /// False if the mapping is switched off.
    pub active: bool,
    /// The targets that the mapping names for its runs; empty if each target chooses.
    pub targets: Vec<String>,
}
