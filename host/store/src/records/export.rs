//! Records of a user in tables that are not its own.

use uuid::Uuid;

use super::DeliveryRecord;

/// A membership of a user in an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMembership {
    /// The audience's key.
    pub audience: String,
    /// The tenant's number; 0 for none. With the audience, a cursor.
    pub tenant_number: i64,
    /// The id of the tenant for which the user is a member.
    pub tenant: Option<String>,
    /// The time at which the user was added, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// The workflow runs of a slice that have a user as a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRuns {
    /// The last run that was looked at.
    pub last: Uuid,
    /// Runs of the user, and the place of the user among their recipients.
    pub found: Vec<(Uuid, i64)>,
}

/// A trigger that waits for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserWait {
    /// The event that named the user.
    pub event: Uuid,
    /// The mapping; zeros if an API call triggered. With the event, a cursor.
    pub mapping: Uuid,
    /// The workflow's key.
    pub workflow: String,
    /// The end of the wait by the store's time, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// The trigger's data, a JSON object or null.
    pub data: String,
    /// Data merged over it for the user, a JSON object.
    pub trigger_data: Option<String>,
}

/// A delivery of a run to a target with a user among its recipients.
#[derive(Debug, Clone, PartialEq)]
pub struct UserDelivery {
    /// The delivery. Its `seq` is a cursor.
    pub delivery: DeliveryRecord,
    /// The target's key.
    pub target: String,
    /// The target's kind.
    pub kind: String,
    /// The attempts, the first one first; the last hundred if there are more.
    pub attempts: Vec<UserAttempt>,
}

/// An attempt of a delivery, without what was answered, which may be about others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAttempt {
    /// The time of its start, in milliseconds since 1970.
    pub at_ms: i64,
    /// The verdict in a word.
    pub outcome: String,
    /// The HTTP status; none if there was no answer.
    pub status: Option<u16>,
}
