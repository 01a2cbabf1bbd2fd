//! The connection that writes, as the writer's task sees it.

use inlet_core::settle::Job;

use super::{
    error::SqliteError,
    group_commit::{self, nonces, resends},
    write_connection::WriteConnection,
};
use crate::{
    backend::{CommittedGroup, Execute, GroupContent, GroupError, WriteBackend},
    error::CommitError,
    operations::{ForgetNonce, ProveWritable},
    records::Durability,
    resend::Recognized,
};

impl WriteBackend for WriteConnection {
    async fn recognize(&mut self, jobs: &[Job]) -> Result<Vec<Recognized>, GroupError> {
        let recognized = self.recognize_requests(jobs).await;
        if recognized.is_err() {
            self.reconnect_if_lost().await;
        }
        Ok(recognized?)
    }

    async fn commit(&mut self, group: GroupContent<'_>) -> Result<CommittedGroup, GroupError> {
        let statements = &mut self.connection.statements();
        let (clock, time) = (&self.clock, self.clock.transaction_time());
        let committed = group_commit::commit(statements, &mut self.caches, group, time, &mut || clock.new_id()).await;
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
        if self.caches.idempotency.is_long()
            && let Err(error) = self.caches.idempotency.seal(&mut self.connection.plain()).await
        {
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
    async fn recognize_requests(&mut self, jobs: &[Job]) -> Result<Vec<Recognized>, SqliteError> {
        let horizon_ms = match self.nonce_horizon_ms {
            Some(horizon_ms) => horizon_ms,
            None => nonces::horizon_ms(&mut self.connection.plain()).await?,
        };
        self.nonce_horizon_ms = Some(horizon_ms);
        resends::recognize(&mut self.connection.statements(), jobs, horizon_ms).await
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
