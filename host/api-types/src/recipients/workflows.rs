//! Triggering and canceling workflows.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{RawJson, required};

/// A trigger of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"recipients": ["u_42", {"id": "u_43", "name": "Ana"}], "data": {"total": 7}}))]
pub struct TriggerRequest {
    /// Recipients, at most 1,000: ids of users, references `{collection, id}`, or users and objects with properties, which
    /// are identified first.
    #[serde(deserialize_with = "read_recipients")]
    #[schema(value_type = Vec<Value>, max_items = 1000)]
    pub recipients: Vec<RawJson>,
    /// Data of the run.
    #[schema(value_type = Option<Object>)]
    pub data: Option<RawJson>,
    /// The one who caused the run, written like a recipient.
    #[schema(value_type = Value)]
    pub actor: Option<RawJson>,
    /// Tenant of the run: an id, or a tenant with properties, which is set first.
    #[schema(value_type = Value)]
    pub tenant: Option<RawJson>,
    /// Key that cancels the run.
    pub cancellation_key: Option<String>,
    /// Settings of the run.
    pub settings: Option<RunSettings>,
}

/// Settings of a run, for the engine that carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunSettings {
    /// True if nobody is to be notified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox_mode: Option<bool>,
    /// True if the delays of the workflow are to be skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_delay: Option<bool>,
}

fn read_recipients<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawJson>, D::Error> {
    required(deserializer, "an array of recipients")
}

/// The run that a trigger created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TriggerResponse {
    /// Id of the run.
    #[schema(format = Uuid)]
    pub workflow_run_id: String,
}

/// A cancellation of the runs that were triggered with a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"cancellation_key": "order_7"}))]
pub struct CancelRequest {
    /// Cancellation key of the triggers.
    pub cancellation_key: String,
    /// Recipients for whom the runs are canceled, ids of users or references `{collection, id}`; all if absent or empty.
    #[schema(value_type = Option<Vec<Value>>, max_items = 1000)]
    pub recipients: Option<Vec<RawJson>>,
}
