//! The transaction of a group of events beside those of other nodes.

use std::time::Instant;

use tokio::time::timeout;

use super::writer::{GROUP_TIMEOUT, SharedState, is_of_connection};
use crate::{
    backend::{CommittedGroup, GroupContent, GroupError},
    sqlite::{SqliteError, WriteConnection, WriterConnection, group_commit},
};

impl WriteConnection {
    /// Begins the transaction of a group on a server, unless it has begun, and reads again what other nodes may have
    /// changed. Does nothing on SQLite.
    pub(crate) async fn begin_beside_others(&mut self, group: &GroupContent<'_>) -> Result<(), SqliteError> {
        let WriterConnection::Postgres(writer) = &mut self.connection else { return Ok(()) };
        if writer.is_in_group {
            return Ok(());
        }
        let SharedState { version, nonce_horizon_ms, waiting, generation } = writer.begin_group(group).await?;
        self.nonce_horizon_ms = Some(nonce_horizon_ms);
        self.caches.parked.begin_shared(waiting);
        self.caches.idempotency.begin_shared(generation);
        self.follow(version).await;
        Ok(())
    }

    /// Reads the targets again if the configuration was changed.
    pub(crate) async fn follow(&mut self, version: Option<String>) {
        if self.version != version {
            self.caches.targets.reload(&mut self.connection.plain()).await;
            self.version = version;
        }
    }

    /// Settles and commits a group. A lost connection is replaced, and the outcome of a COMMIT without an answer is looked
    /// up before anybody is answered.
    pub(crate) async fn commit_beside_others(
        &mut self,
        group: GroupContent<'_>,
    ) -> Result<CommittedGroup, SqliteError> {
        let committed = self.try_to_commit(group).await;
        if committed.is_ok() {
            self.caches.committed();
        } else {
            self.abandon_group().await;
            self.caches.rolled_back();
        }
        committed
    }

    async fn try_to_commit(&mut self, group: GroupContent<'_>) -> Result<CommittedGroup, SqliteError> {
        self.begin_beside_others(&group).await?;
        let (clock, time) = (&self.clock, self.clock.transaction_time());
        let (statements, new_id) = (&mut self.connection.statements_together(), &mut || clock.new_id());
        let write = group_commit::write(statements, &mut self.caches, group, time, new_id);
        let written = timeout(GROUP_TIMEOUT, write).await;
        let WriterConnection::Postgres(writer) = &mut self.connection else {
            return Err(GroupError::Storage("the connection is none to a server".to_owned()).into());
        };
        let written = match written {
            Ok(Ok(written)) => written,
            // Nothing is committed before a COMMIT was sent.
            Ok(Err(SqliteError::Database(error))) if is_of_connection(&error) => {
                writer.connect().await?;
                return Err(GroupError::Conflict(error.to_string()).into());
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                writer.connect().await?;
                return Err(GroupError::Storage("the database did not answer in time".to_owned()).into());
            }
        };
        let committing = Instant::now();
        match writer.commit_group().await? {
            true => Ok(CommittedGroup { commit: committing.elapsed(), ..written }),
            false => Err(GroupError::Conflict("the connection was lost before the commit".to_owned()).into()),
        }
    }

    /// Rolls back the transaction of a group, if one is under way.
    pub(crate) async fn abandon_group(&mut self) {
        if let WriterConnection::Postgres(writer) = &mut self.connection
            && writer.is_in_group
        {
            writer.roll_back().await;
        }
    }
}
