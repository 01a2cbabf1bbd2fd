//! Effects: the changes that actions decide and that the store writes.
//!
//! The store writes each kind of effect to its table and knows no action. Effects on one row are combined for a whole
//! transaction by [`recipient_changes`] and [`relation_changes`], so that each row is written once.

mod recipient_changes;
mod relation_changes;

use bytestring::ByteString;

pub use recipient_changes::{RecipientChange, recipient_changes};
pub use relation_changes::{MemberChange, RelationChanges, SubscriptionChange, relation_changes};

use crate::{
    audience::Membership,
    parked::{Park, Release},
    recipient::RecipientKey,
    run::{Run, RunCancellation},
};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Writes a user, object or tenant.
    UpsertRecipient(RecipientUpsert),
    /// Deletes a user, object or tenant, with its subscriptions and memberships.
    DeleteRecipient(RecipientKey),
    /// Subscribes a recipient to an object, or replaces the properties of its subscription.
    Subscribe {
        /// The object.
        object: RecipientKey,
        /// The subscriber.
        recipient: RecipientKey,
        /// A JSON object or null.
        properties: ByteString,
    },
    /// Ends a subscription.
    Unsubscribe {
        /// The object.
        object: RecipientKey,
        /// The subscriber.
        recipient: RecipientKey,
    },
    /// Makes a user a member of an audience.
    AddMember(Membership),
    /// Ends a membership.
    RemoveMember(Membership),
    /// Cancels workflow runs, or recipients of them.
    CancelRuns(RunCancellation),
    /// Creates a workflow run.
    CreateRun(Run),
    /// Begins to wait for recipients.
    Park(Box<Park>),
    /// Ends the wait of one trigger for a recipient whose run is created.
    Release(Box<Release>),
    /// Leaves it to a background job to create the runs of all triggers that still wait for a recipient.
    ReleaseRest(RecipientKey),
    /// Ends all waits for a recipient without a run.
    DropParked(RecipientKey),
}

/// A user, object or tenant as it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientUpsert {
    /// The recipient's key.
    pub key: RecipientKey,
    /// All properties after the merge, a JSON object.
    pub properties: ByteString,
    /// The time at which the newest of the properties was true, in milliseconds since 1970.
    pub as_of_ms: i64,
    /// True if newer properties were known, so that only gaps were filled.
    pub fills_gaps: bool,
}
