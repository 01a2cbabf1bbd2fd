//! Following the event logs in the order in which they are committed.

use std::sync::Arc;

use tokio::sync::Notify;
use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::ReadError,
    records::{EventQuery, FeedPage, FeedPosition, ReadMemory},
};

impl Store {
    /// Returns the notice of commits. A commit tells nothing but that it was: whoever waits reads the log then.
    pub fn events_committed(&self) -> Arc<Notify> {
        self.committed.clone()
    }

    /// Returns the place after the newest event.
    pub async fn event_feed_end(&self) -> Result<FeedPosition, ReadError> {
        read!(self.database, event_feed_end())
    }

    /// Returns the place after an event of these source environments, and true. If it is gone: the place before the first one
    /// with a greater id, and false.
    pub async fn event_feed_after(
        &self,
        source_environment_ids: &[i64],
        id: Uuid,
    ) -> Result<(FeedPosition, bool), ReadError> {
        read!(self.database, event_feed_after(source_environment_ids, id))
    }

    /// Returns the next events after a position that a query selects, at most its limit. Its cursor and its times do not count.
    /// Returns none if there is no memory for them now.
    pub async fn event_feed(
        &self,
        query: &EventQuery,
        from: FeedPosition,
        memory: &dyn ReadMemory,
    ) -> Result<Option<FeedPage>, ReadError> {
        let now_ms = self.clock.state().system_ms;
        read!(self.database, event_feed(query, from, now_ms, memory))
    }
}
