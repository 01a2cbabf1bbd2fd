//! Records of a user in tables that are not its own.

use uuid::Uuid;

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
