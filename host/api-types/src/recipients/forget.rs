//! Requests to forget a user.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request to forget a user, and what was removed so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForgetRequest {
    /// Identifier of the request.
    #[schema(format = Uuid)]
    pub id: String,
    /// `running`: what names the user is being removed. `erasing`: it is removed, and freed space is being overwritten.
    /// `completed`: nothing of it is left in the files of the data directory.
    pub state: String,
    /// Number of rows that were deleted or lost their content.
    pub removed: Forgotten,
    /// Time of the request.
    #[schema(format = DateTime)]
    pub requested_at: String,
    /// Time of the completion.
    #[schema(required, format = DateTime)]
    pub completed_at: Option<String>,
}

/// Number of rows that were deleted or lost their content.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Forgotten {
    /// The user: 1 if it was identified.
    pub users: u64,
    /// Subscriptions of the user.
    pub subscriptions: u64,
    /// Memberships of the user in audiences.
    pub audience_members: u64,
    /// Waits of triggers for the user that ended, and waiting triggers that lost their data, actor, tenant or cancellation key.
    pub waits: u64,
    /// Events of the user that lost their content.
    pub events: u64,
    /// Events without a user that lost their content, because it named the user or could not be decoded.
    pub raw_bodies: u64,
    /// Results of other events' actions in which the user's id was replaced.
    pub action_results: u64,
    /// Workflow runs that lost their data, actor, tenant or cancellation key.
    pub workflow_runs: u64,
    /// Recipients of workflow runs.
    pub workflow_run_recipients: u64,
    /// Deliveries that were canceled, or lost their body, errors, answers and downstream id.
    pub deliveries: u64,
    /// Refused requests that lost their content.
    pub refused_requests: u64,
    /// Requests that were kept to be translated again.
    pub kept_requests: u64,
    /// Idempotency records that lost their key. They still count.
    pub idempotency_keys: u64,
    /// Errors of bulk operations that lost the user's id and their message.
    pub bulk_errors: u64,
}
