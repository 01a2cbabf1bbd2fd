//! The lines of a user's export.

use serde::Serialize;

use crate::{
    RawJson,
    deliveries::{DeliveryCall, DeliveryStatus},
    logs::SourceLog,
    recipients::users::User,
    runs::WorkflowRun,
};

/// One line of a user's export.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ExportLine {
    /// The user with its properties.
    User {
        /// The user, in the form of `GET /v1/users/{id}`.
        user: User,
    },
    /// A subscription of the user to an object.
    Subscription {
        /// The object's collection.
        collection: String,
        /// The object's id.
        object_id: String,
        /// The properties of the subscription, an object or null.
        properties: RawJson,
        /// Time of the subscription.
        inserted_at: String,
    },
    /// A membership of the user in an audience.
    Membership {
        /// The audience's key.
        audience: String,
        /// The tenant for which the user is a member.
        tenant: Option<String>,
        /// Time of the addition.
        added_at: String,
    },
    /// An event of the user, or a call of the recipients API about the user, whole, with its actions.
    Event {
        /// The event, in the form of `GET /v1/sources/{key}/logs`; the `source` of a call is `$api`.
        event: Box<SourceLog>,
    },
    /// A workflow run with the user as a recipient, and without the others.
    WorkflowRun {
        /// The run, in the form of `GET /v1/workflow_runs/{id}`.
        workflow_run: Box<WorkflowRun>,
    },
    /// A delivery of the run before it, with the user among its recipients. Its body was built of the run's data and of the
    /// user's properties at that time.
    Delivery {
        /// The id.
        id: String,
        /// The run.
        workflow_run_id: String,
        /// The key of the workflow.
        workflow: String,
        /// The key of the target.
        target: String,
        /// The kind of the target, such as `webhook` or `novu`.
        kind: String,
        /// The call that is made.
        call: DeliveryCall,
        /// The status.
        status: DeliveryStatus,
        /// The attempts, the first one first; the last hundred if there are more.
        attempts: Vec<ExportedAttempt>,
        /// The id that the target gave to what it began.
        downstream_id: Option<String>,
        /// The creation time.
        inserted_at: String,
        /// The time of its end; null while it is open.
        finished_at: Option<String>,
    },
    /// A trigger that waits for the user to be identified.
    Wait {
        /// The workflow's key.
        workflow: String,
        /// The event that named the user.
        source_event_id: String,
        /// The end of the wait.
        expires_at: String,
        /// The data of the run that may be created, an object or null.
        data: RawJson,
        /// Data merged over it for the user, an object.
        trigger_data: Option<RawJson>,
    },
    /// The last line: without it the export is not complete.
    End {
        /// Number of lines before this one.
        lines: u64,
    },
}

/// An attempt of a delivery. What the target answered is left out, because it may be about others.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedAttempt {
    /// The time of its start.
    pub attempted_at: String,
    /// The verdict in a word, such as `delivered`.
    pub outcome: String,
    /// The HTTP status; null if there was no answer.
    pub status: Option<u16>,
}
