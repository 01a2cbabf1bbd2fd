//! Workflow runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// A workflow run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRun {
    /// Its id; later ones are greater.
    #[schema(format = Uuid)]
    pub id: String,
    /// The workflow's key.
    pub workflow: String,
    /// Whom it is for: the first 100.
    pub recipients: Vec<WorkflowRunRecipient>,
    /// How many recipients there are in all; `/v1/workflow_runs/{id}/recipients` lists them.
    pub recipients_count: i64,
    /// Who did it: a user id, or an object reference.
    #[schema(required, value_type = Value)]
    pub actor: Option<RawJson>,
    /// In which tenant.
    #[schema(required, value_type = Option<String>)]
    pub tenant: Option<RawJson>,
    /// The trigger's data, once for all recipients; null in a list when it is too long.
    #[schema(required, value_type = Option<Object>)]
    pub data: Option<RawJson>,
    /// The length of `data`, in bytes.
    pub data_size: u64,
    /// By which the run can be cancelled.
    #[schema(required)]
    pub cancellation_key: Option<String>,
    /// The event that caused it.
    #[schema(format = Uuid)]
    pub source_event_id: String,
    /// When it was created.
    #[schema(format = DateTime)]
    pub inserted_at: String,
}

/// A page of workflow runs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRunList {
    /// The runs.
    pub entries: Vec<WorkflowRun>,
    /// What lies around the page.
    pub page_info: PageInfo,
}

/// One recipient of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRunRecipient {
    /// The user's or object's id.
    pub id: String,
    /// The object's collection; absent for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// What is merged over the run's data for this recipient; absent if there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub trigger_data: Option<RawJson>,
}

/// A page of a run's recipients, in the order in which the trigger named them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRunRecipients {
    /// The recipients.
    pub entries: Vec<WorkflowRunRecipient>,
    /// What lies around the page.
    pub page_info: PageInfo,
}
