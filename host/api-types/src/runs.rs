//! Workflow runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    PageInfo, RawJson,
    deliveries::{Delivery, DeliveryCounts},
    recipients::workflows::RunSettings,
};

/// A workflow run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRun {
    /// Identifier; ids of later runs are greater.
    #[schema(format = Uuid)]
    pub id: String,
    /// Key of the workflow.
    pub workflow: String,
    /// The first 100 recipients.
    pub recipients: Vec<WorkflowRunRecipient>,
    /// Number of all recipients; `/v1/workflow_runs/{id}/recipients` lists them.
    pub recipients_count: i64,
    /// True while the subscribers of objects among the recipients are being added, and `recipients_count` may grow.
    pub expanding: bool,
    /// Actor of the trigger: a user id, or an object reference.
    #[schema(required, value_type = Value)]
    pub actor: Option<RawJson>,
    /// Tenant of the run.
    #[schema(required, value_type = Option<String>)]
    pub tenant: Option<RawJson>,
    /// Data of the trigger, shared by all recipients; null in a list if it is too long.
    #[schema(required, value_type = Option<Object>)]
    pub data: Option<RawJson>,
    /// Length of `data`, in bytes.
    pub data_size: u64,
    /// Key that cancels the run.
    #[schema(required)]
    pub cancellation_key: Option<String>,
    /// Settings of the trigger; null if it had none, and for runs of events.
    #[schema(required, value_type = Option<RunSettings>)]
    pub settings: Option<RawJson>,
    /// Id of the event that caused the run.
    #[schema(format = Uuid)]
    pub source_event_id: String,
    /// Id of the mapping that created the run; null if an API call did.
    #[schema(required, format = Uuid)]
    pub mapping_id: Option<String>,
    /// Status of the run.
    pub status: WorkflowRunStatus,
    /// Numbers of the run's deliveries by status.
    pub delivery_counts: DeliveryCounts,
    /// The newest deliveries, at most 100; only of a single run. An operator reads all with
    /// `/v1/deliveries?workflow_run_id=…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<Vec<Delivery>>,
    /// Cancellation of the whole run; absent if it is not canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled: Option<WorkflowRunCancellation>,
    /// Number of recipients that were canceled one by one.
    pub canceled_recipients_count: i64,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub inserted_at: String,
}

/// The status of a workflow run, or of one of its recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowRunStatus {
    /// Not sent: no target.
    Recorded,
    /// A delivery is open, and none is dead.
    Delivering,
    /// Every target took it.
    Delivered,
    /// A delivery is dead.
    Failed,
    /// Canceled by an event, or all its deliveries were discarded.
    Canceled,
}

/// The cancellation of a workflow run, or of one of its recipients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRunCancellation {
    /// Time of the cancellation.
    #[schema(format = DateTime)]
    pub canceled_at: String,
    /// Id of the event that canceled.
    #[schema(format = Uuid)]
    pub event_id: String,
}

/// A page of workflow runs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRunList {
    /// The runs.
    pub entries: Vec<WorkflowRun>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
    /// Number of runs that were looked at for a filter by workflow, at most 20,000; absent without one. The
    /// cursors go on from there, also from a page without entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<u64>,
}

/// A recipient of a workflow run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRunRecipient {
    /// Id of the user or object.
    pub id: String,
    /// Collection of the object; absent for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Data merged over the data of the run for this recipient; absent if there is none, and in a list of runs if it is too
    /// long.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub trigger_data: Option<RawJson>,
    /// Length of `trigger_data` that is too long for a list, in bytes; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_data_size: Option<u64>,
    /// Status of the recipient, by the deliveries that have it.
    pub status: WorkflowRunStatus,
    /// Cancellation of the recipient or of the whole run; absent if it is not canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled: Option<WorkflowRunCancellation>,
}

/// A page of a run's recipients, in the order in which the trigger named them; the subscribers of objects follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRunRecipients {
    /// The recipients.
    pub entries: Vec<WorkflowRunRecipient>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
}

/// The runs that an operator canceled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CanceledWorkflowRuns {
    /// The log entry of the cancellation, in the log of the environment's API calls. Its action names the runs.
    #[schema(format = Uuid)]
    pub event_id: String,
}
