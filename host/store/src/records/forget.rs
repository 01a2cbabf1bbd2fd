//! Requests to forget a user, and the slices in which they are carried out.

use std::{collections::BTreeMap, fmt, ops::AddAssign};

use inlet_core::subject::Subject;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A request to forget a user, and its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgetRecord {
    /// The environment's database id.
    pub environment_id: i64,
    /// UUIDv7.
    pub id: Uuid,
    /// The user; none once the walks are done.
    pub subject: Option<Subject>,
    /// Time of the request, in milliseconds since 1970.
    pub requested_at_ms: i64,
    /// The id at which the walks end; none until they have passed what was stored before the request.
    pub goal: Option<Uuid>,
    /// The last id that each walk passed, by [`ForgetWalk`].
    pub positions: BTreeMap<String, Uuid>,
    /// The numbers of rows that were removed.
    pub counts: ForgetCounts,
    /// Time of the completion, in milliseconds since 1970.
    pub completed_at_ms: Option<i64>,
}

impl ForgetRecord {
    /// Returns the last id that a walk passed.
    pub fn position(&self, walk: ForgetWalk) -> Uuid {
        self.positions.get(&walk.to_string()).copied().unwrap_or_default()
    }
}

/// The number of rows that were deleted or lost their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ForgetCounts {
    /// The user itself: 1 if it was identified.
    pub users: u64,
    /// Subscriptions of the user.
    pub subscriptions: u64,
    /// Memberships of the user in audiences.
    pub audience_members: u64,
    /// Waits of triggers for the user, and waiting triggers that lost their data, actor, tenant or cancellation key.
    pub waits: u64,
    /// Event logs of the user that lost their content.
    pub events: u64,
    /// Event logs of nobody that named the user, or could not be decoded, and lost their content.
    pub raw_bodies: u64,
    /// Results of other events' actions in which the user's id was replaced.
    pub action_results: u64,
    /// Workflow runs that lost their data, actor, tenant or cancellation key.
    pub runs: u64,
    /// Recipients of workflow runs that were deleted.
    pub run_recipients: u64,
    /// Deliveries that were canceled, or lost their body, errors, answers and downstream id.
    pub deliveries: u64,
    /// Refused requests that lost their content.
    pub refused_requests: u64,
    /// Requests kept to be translated again that were deleted.
    pub kept_requests: u64,
    /// Idempotency records that lost their key; they still count.
    pub idempotency_keys: u64,
    /// Errors of bulk operations that lost the user's id and their message.
    pub bulk_errors: u64,
}

impl ForgetCounts {
    /// Returns true if nothing was removed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for ForgetCounts {
    fn add_assign(&mut self, other: Self) {
        self.users += other.users;
        self.subscriptions += other.subscriptions;
        self.audience_members += other.audience_members;
        self.waits += other.waits;
        self.events += other.events;
        self.raw_bodies += other.raw_bodies;
        self.action_results += other.action_results;
        self.runs += other.runs;
        self.run_recipients += other.run_recipients;
        self.deliveries += other.deliveries;
        self.refused_requests += other.refused_requests;
        self.kept_requests += other.kept_requests;
        self.idempotency_keys += other.idempotency_keys;
        self.bulk_errors += other.bulk_errors;
    }
}

/// A table that is walked in the order of its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgetWalk {
    /// The event logs of a source environment, by database id.
    Events(i64),
    /// The refused requests of a source environment.
    Refused(i64),
    /// The requests of a source environment that are kept to be translated again.
    Kept(i64),
    /// The workflow runs of the environment.
    Runs,
    /// The triggers of the environment that wait for recipients.
    Waits,
    /// The bulk operations of the environment.
    BulkOperations,
}

impl fmt::Display for ForgetWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Events(id) => write!(f, "events/{id}"),
            Self::Refused(id) => write!(f, "refused/{id}"),
            Self::Kept(id) => write!(f, "kept/{id}"),
            Self::Runs => f.write_str("runs"),
            Self::Waits => f.write_str("waits"),
            Self::BulkOperations => f.write_str("bulk_operations"),
        }
    }
}

/// The next rows of a walk, and what names the user in them.
#[derive(Debug, Clone)]
pub struct ForgetSlice {
    /// The walk.
    pub walk: ForgetWalk,
    /// The last id that was looked at.
    pub last: Uuid,
    /// The rows that name the user.
    pub found: ForgetFound,
}

/// Rows that name a user, of one table.
#[derive(Debug, Clone)]
pub enum ForgetFound {
    /// Event logs.
    Events(ForgottenEvents),
    /// Requests, refused or kept.
    Requests(Vec<Uuid>),
    /// Workflow runs, and the run and the place of each recipient that is the user.
    Runs(ForgottenTriggers<Uuid>, Vec<(Uuid, i64)>),
    /// Triggers that wait, by event and mapping.
    Waits(ForgottenTriggers<(Uuid, Uuid)>),
    /// Bulk operations, each with the new list of its errors and the number of those that changed.
    BulkOperations(Vec<(Uuid, String, u64)>),
}

/// Event logs that name a user.
#[derive(Debug, Clone, Default)]
pub struct ForgottenEvents {
    /// Events of the user.
    pub of_user: Vec<Uuid>,
    /// Events of nobody.
    pub raw: Vec<Uuid>,
    /// Texts that the server wrote about the actions of other events.
    pub actions: Vec<ForgottenAction>,
}

/// An action of another event, without the user.
#[derive(Debug, Clone)]
pub struct ForgottenAction {
    /// The event.
    pub event: Uuid,
    /// The place among the event's actions.
    pub ordinal: i64,
    /// The new result; none if the old one does not name the user.
    pub result: Option<String>,
    /// The new warnings; none if the old ones do not name the user.
    pub warnings: Option<String>,
}

/// Runs, or triggers that wait, that name a user.
#[derive(Debug, Clone)]
pub struct ForgottenTriggers<K> {
    /// Those whose event is the user's, and those whose data names the user and whose event is gone.
    pub of_user: Vec<K>,
    /// Others whose actor is the user.
    pub actors: Vec<K>,
    /// Others whose tenant has the user's id.
    pub tenants: Vec<K>,
    /// Others whose cancellation key is the user's id or email address.
    pub cancellation_keys: Vec<K>,
}

impl<K> Default for ForgottenTriggers<K> {
    fn default() -> Self {
        Self { of_user: Vec::new(), actors: Vec::new(), tenants: Vec::new(), cancellation_keys: Vec::new() }
    }
}
