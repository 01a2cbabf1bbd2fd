//! Subscriptions, members of audiences, and the rest of deletions and cancellations.

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{ContinueCancellation, RemoveDeletedRecipients},
    records::{Cursor, MemberPosition, MemberRecord, Page, ReadMemory, SubscriptionQuery, SubscriptionRecord},
};

impl Store {
    /// Returns subscriptions of an object or of a recipient. A page has fewer entries if they are long. Returns none if
    /// there is no memory for it now.
    pub async fn subscriptions(
        &self,
        query: &SubscriptionQuery,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<SubscriptionRecord>>, ReadError> {
        read!(self.database, subscriptions(query, memory))
    }

    /// Returns the members of an audience, the newest user first. A page has fewer entries if they are long. Returns none
    /// if there is no memory for it now.
    pub async fn audience_members(
        &self,
        environment_id: i64,
        audience: &str,
        cursor: Cursor<MemberPosition>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<MemberRecord>>, ReadError> {
        read!(self.database, audience_members(environment_id, audience, cursor, limit, memory))
    }

    /// Returns true if a deleted recipient has subscriptions or memberships left, or a deleted tenant has members.
    pub async fn has_deleted_recipients(&self) -> Result<bool, ReadError> {
        read!(self.database, has_deleted_recipients())
    }

    /// Deletes at most `limit` subscriptions and memberships of deleted recipients, which nobody sees any more. Returns the
    /// number of rows; 0 if none are left.
    pub async fn remove_deleted_recipients(&self, limit: u32) -> Result<u64, CommitError> {
        self.database.execute(RemoveDeletedRecipients { limit }).await
    }

    /// Returns true if a cancellation has found more runs, or more deliveries of them, than its transaction took.
    pub async fn has_unfinished_cancellations(&self) -> Result<bool, ReadError> {
        read!(self.database, has_unfinished_cancellations())
    }

    /// Cancels the next runs or deliveries of a cancellation, at most as many as a transaction takes. Returns false if there is nothing
    /// left to cancel.
    pub async fn continue_cancellation(&self) -> Result<bool, CommitError> {
        self.database.execute(ContinueCancellation {}).await
    }
}
