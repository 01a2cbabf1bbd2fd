//! Removes the subscriptions and memberships of deleted users, objects and tenants. Nobody sees them from the deletion on.

use std::time::Duration;

use inlet_store::{CommitError, ReadError};

use super::{
    job::{Job, RunsOn},
    source_tasks::LOOK_EVERY,
};
use crate::Engine;

/// The rows of one slice.
const SLICE: u32 = 1000;
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);

/// Removes what deleted recipients had.
pub(super) struct DeletedRecipients;

/// The reason why rows could not be removed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RemovalError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Job for DeletedRecipients {
    const NAME: &'static str = "deleted_recipients";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str =
        "subscriptions and memberships of deleted recipients could not be removed; it is tried again";
    type Error = RemovalError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, RemovalError> {
        Ok(engine.store.has_deleted_recipients().await?)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), RemovalError> {
        while engine.store.remove_deleted_recipients(SLICE).await? > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
