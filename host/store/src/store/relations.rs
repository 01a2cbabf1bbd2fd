//! Subscriptions, and members of audiences.

use super::Store;
use crate::{
    database::read,
    error::ReadError,
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
}
