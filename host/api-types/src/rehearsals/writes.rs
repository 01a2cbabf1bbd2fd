//! The writes of a rehearsed request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::relations::{RehearsedCancellation, RehearsedMember, RehearsedSubscription};
use crate::RawJson;

/// The records that would be written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WouldWrite {
    /// The number of event logs.
    pub event_logs: usize,
    /// True if the request would be stored as a refused request.
    pub refused_request: bool,
    /// Users that would be written or deleted, by id.
    pub users: Vec<RehearsedUser>,
    /// Objects and tenants, by collection and id.
    pub objects: Vec<RehearsedUser>,
    /// Subscriptions that would be written or end.
    pub subscriptions: Vec<RehearsedSubscription>,
    /// Memberships of audiences that would be written or end.
    pub members: Vec<RehearsedMember>,
    /// Workflow runs.
    pub runs: Vec<RehearsedRun>,
    /// Workflow runs that would be canceled, wholly or in part.
    pub canceled_runs: Vec<RehearsedCancellation>,
    /// True if an idempotency key would be remembered.
    pub idempotency_record: bool,
}

/// A user, object or tenant that would be written or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedUser {
    /// The id.
    pub id: String,
    /// The collection; absent for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// True if it does not exist yet.
    pub is_new: bool,
    /// The present properties, masked if the environment hides personal data; null if it is new, or if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub before: Option<RawJson>,
    /// The properties afterwards, masked likewise; null if it would be deleted, or if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub after: Option<RawJson>,
    /// True if it would be deleted; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub is_deleted: bool,
}

/// A workflow run that would be created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedRun {
    /// The id in the result of the action.
    #[schema(format = Uuid)]
    pub id: String,
    /// The item that would create it.
    #[schema(format = Uuid)]
    pub source_event_id: String,
    /// The workflow's key.
    pub workflow: String,
    /// The recipients.
    pub recipients: Vec<RehearsedRunRecipient>,
    /// The number of all recipients.
    pub recipients_count: usize,
    /// The actor: a user id, or an object reference.
    #[schema(required, value_type = Value)]
    pub actor: Option<RawJson>,
    /// The tenant.
    #[schema(required, value_type = Option<String>)]
    pub tenant: Option<RawJson>,
    /// The trigger's data; null if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub data: Option<RawJson>,
    /// The key by which the run could be cancelled.
    #[schema(required)]
    pub cancellation_key: Option<String>,
}

/// One recipient of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedRunRecipient {
    /// The user's or object's id.
    pub id: String,
    /// The object's collection; absent for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Data merged over the run's data for this recipient; absent if there is none, or if the response is full.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub trigger_data: Option<RawJson>,
}
