//! The servers that share the database.

use std::time::Duration;

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{BeginQuarantine, CountUnrouted, DismissUnrouted, EndQuarantine, KeepNode, RemoveNode},
    records::{NewNode, NodeRecord, QuarantineRecord, SharedVersion, UnroutedRecord},
};

impl Store {
    /// Returns true if other servers may write to the database too.
    pub fn is_shared(&self) -> bool {
        self.database.readers.is_postgres()
    }

    /// Writes that a server is alive, for so long.
    pub async fn keep_node(&self, node: NewNode, ttl: Duration) -> Result<(), CommitError> {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX / 4);
        let clock_behind_ms = self.clock_behind_ms();
        self.database.execute(KeepNode { node, ttl_ms, clock_behind_ms }).await
    }

    /// Forgets a server that stops.
    pub async fn remove_node(&self, id: Uuid) -> Result<(), CommitError> {
        self.database.execute(RemoveNode { id }).await
    }

    /// Returns the servers that were heard of in the last hour, the first started first.
    pub async fn nodes(&self) -> Result<Vec<NodeRecord>, ReadError> {
        read!(self.database, nodes())
    }

    /// Returns what other servers may have changed, as it is now.
    pub async fn shared_version(&self) -> Result<SharedVersion, ReadError> {
        read!(self.database, shared_version())
    }

    /// Tells the other servers that a plugin is not run.
    pub async fn begin_quarantine(&self, record: QuarantineRecord) -> Result<(), CommitError> {
        self.database.execute(BeginQuarantine { record }).await
    }

    /// Tells the other servers that a plugin is run again.
    pub async fn end_quarantine(&self, source_environment_id: i64, digest: String) -> Result<(), CommitError> {
        self.database.execute(EndQuarantine { source_environment_id, digest }).await
    }

    /// Adds requests that led to no endpoint to those of all servers.
    pub async fn count_unrouted(&self, counted: UnroutedRecord) -> Result<(), CommitError> {
        self.database.execute(CountUnrouted { counted }).await
    }

    /// Forgets the requests that led to no endpoint for a cause, and returns their number; none if there are none.
    pub async fn dismiss_unrouted(&self, cause: String) -> Result<Option<u64>, CommitError> {
        self.database.execute(DismissUnrouted { cause }).await
    }

    /// Returns the requests of all servers that led to no endpoint.
    pub async fn unrouted(&self) -> Result<Vec<UnroutedRecord>, ReadError> {
        read!(self.database, unrouted_requests())
    }

    /// Lets the other servers of the database look at once for what this one has changed. Does nothing where there are none.
    pub fn announce_change(&self) {
        if let Some(shared) = &self.shared {
            shared.changes.announce();
        }
    }

    /// Completes when another server announced a change, or may have. Never completes where there are none.
    pub async fn changed_elsewhere(&self) {
        match &self.shared {
            Some(shared) => shared.changes.heard().await,
            None => std::future::pending().await,
        }
    }

    /// Tells those who wait for events that another server committed some.
    pub fn announce_events(&self) {
        self.committed.notify_waiters();
    }

    /// Returns how far the database's clock is ahead of this machine's, in milliseconds; 0 where it is the same.
    pub fn clock_behind_ms(&self) -> i64 {
        self.shared.as_ref().map_or(0, |shared| shared.clock.ahead_ms())
    }
}
