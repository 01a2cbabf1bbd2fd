//! The connection that writes, as the writer's task sees it.

use std::time::Duration;

use super::{
    error::SqliteError,
    group_commit::{self, nonces, resends},
    write_connection::{WriteConnection, WriterConnection},
};
use crate::{
    backend::{Begun, CommittedGroup, Execute, GroupContent, GroupError, WriteBackend},
    error::CommitError,
    job_fence::JobFence,
    operations::{ForgetNonce, ProveWritable},
    records::Durability,
    resend::Recognized,
};

/// The longest time that an operation takes on a server: a slice of rows, or a large answer.
const OPERATION_LIMIT: Duration = Duration::from_secs(60);

impl WriteBackend for WriteConnection {
    async fn begin(&mut self, group: GroupContent<'_>) -> Result<Begun, GroupError> {
        if let WriterConnection::Sqlite(_) = self.connection {
            return Ok(Begun::Alone);
        }
        if let Err(error) = self.begin_beside_others(&group).await {
            self.abandon().await;
            self.caches.rolled_back();
            self.reconnect_if_lost().await;
            return Err(error.into());
        }
        Ok(Begun::BesideOthers)
    }

    async fn recognize(&mut self, group: GroupContent<'_>) -> Result<Vec<Recognized>, GroupError> {
        let recognized = self.recognize_requests(group).await;
        if recognized.is_err() {
            self.abandon().await;
            self.reconnect_if_lost().await;
        }
        Ok(recognized?)
    }

    async fn abandon(&mut self) {
        self.abandon_group().await;
    }

    async fn prepare(&mut self, fence: Option<JobFence>) -> Result<(), CommitError> {
        if let WriterConnection::Postgres(writer) = &mut self.connection {
            writer.fence = fence;
            let version = writer.version().await.map_err(SqliteError::from)?;
            self.follow(version).await;
        }
        Ok(())
    }

    fn operation_limit(&self) -> Option<Duration> {
        match self.connection {
            WriterConnection::Sqlite(_) => None,
            WriterConnection::Postgres(_) => Some(OPERATION_LIMIT),
        }
    }

    async fn given_up(&mut self) {
        tracing::error!("the database did not answer an operation in time; its connection is replaced");
        self.caches.rolled_back();
        self.caches.parked.distrust();
        if let WriterConnection::Postgres(writer) = &mut self.connection {
            writer.lose();
        }
    }

    async fn commit(&mut self, group: GroupContent<'_>) -> Result<CommittedGroup, GroupError> {
        let committed = match self.connection {
            WriterConnection::Sqlite(_) => self.commit_alone(group).await,
            WriterConnection::Postgres(_) => self.commit_beside_others(group).await,
        };
        match &committed {
            Ok(_) => {
                self.announce_deliveries();
                self.committed.notify_waiters();
            }
            Err(_) => self.reconnect_if_lost().await,
        }
        Ok(committed?)
    }

    async fn after_commit(&mut self) {
        if let Err(error) = self.caches.idempotency.seal_if_long(&mut self.connection.plain()).await {
            tracing::warn!(error = %CommitError::from(error), "an index of idempotency records could not be written");
        }
        self.checkpoint().await;
    }

    async fn durability(&mut self) -> Result<Durability, CommitError> {
        Ok(self.connection.durability().await?)
    }

    async fn close(self) -> Result<(), CommitError> {
        Ok(self.connection.close().await?)
    }
}

impl WriteConnection {
    async fn commit_alone(&mut self, group: GroupContent<'_>) -> Result<CommittedGroup, SqliteError> {
        let statements = &mut self.connection.statements();
        let (clock, time) = (&self.clock, self.clock.transaction_time());
        group_commit::commit(statements, &mut self.caches, group, time, &mut || clock.new_id()).await
    }

    async fn recognize_requests(&mut self, group: GroupContent<'_>) -> Result<Vec<Recognized>, SqliteError> {
        self.begin_beside_others(&group).await?;
        let horizon_ms = match self.nonce_horizon_ms {
            Some(horizon_ms) => horizon_ms,
            None => nonces::horizon_ms(&mut self.connection.plain()).await?,
        };
        self.nonce_horizon_ms = Some(horizon_ms);
        resends::recognize(&mut self.connection.statements(), group.jobs, horizon_ms).await
    }
}

impl Execute<ForgetNonce> for WriteConnection {
    async fn execute(&mut self, ForgetNonce { digest }: ForgetNonce) -> Result<(), CommitError> {
        Ok(nonces::forget(&mut self.connection.plain(), &digest).await.map_err(SqliteError::from)?)
    }
}

impl Execute<ProveWritable> for WriteConnection {
    async fn execute(&mut self, ProveWritable { bytes }: ProveWritable) -> Result<(), CommitError> {
        Ok(self.connection.prove_writable(bytes).await?)
    }
}
