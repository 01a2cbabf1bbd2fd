//! Subscriptions and memberships of audiences as they are read back.

use inlet_core::recipient::RecipientKey;

use super::{page::Cursor, recipient::RecipientRecord};

/// Selects subscriptions, those with the newest counterpart first.
#[derive(Debug, Clone)]
pub struct SubscriptionQuery {
    /// The environment's database id.
    pub environment_id: i64,
    /// The side of which all subscriptions are selected.
    pub of: SubscriptionSide,
    /// Subscriptions with these counterparts only.
    pub only: Option<Vec<RecipientKey>>,
    /// The start of the page: the counterpart's [`RecipientRecord::seq`].
    pub cursor: Cursor<i64>,
    /// Entries of a page.
    pub limit: usize,
}

/// One side of subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionSide {
    /// All subscribers of an object.
    Object(RecipientKey),
    /// All objects that a recipient is subscribed to.
    Recipient(RecipientKey),
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRecord {
    /// The subscriber if subscriptions of an object are read, the object if those of a recipient are.
    pub counterpart: RecipientRecord,
    /// A JSON object or null.
    pub properties: String,
    /// The time at which the recipient was subscribed, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// The time at which the properties were last replaced, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// The position of a member in the list of an audience's members; a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberPosition {
    /// The user's [`RecipientRecord::seq`].
    pub user_seq: i64,
    /// The tenant's number; 0 for none.
    pub tenant_id: i64,
}

/// A member of an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRecord {
    /// A cursor.
    pub position: MemberPosition,
    /// The user.
    pub user: RecipientRecord,
    /// The id of the tenant for which the user is a member.
    pub tenant: Option<String>,
    /// The time at which the user was added, in milliseconds since 1970.
    pub created_at_ms: i64,
}
