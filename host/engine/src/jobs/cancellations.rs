//! Cancels the runs that a cancellation left to it, because they were more than one transaction takes.

use std::time::Duration;

use inlet_store::{CommitError, ReadError};

use super::{
    job::{Job, RunsOn},
    source_tasks::LOOK_EVERY,
};
use crate::Engine;

/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);

/// Goes on with cancellations.
pub(super) struct Cancellations;

/// The reason why runs could not be canceled.
#[derive(Debug, thiserror::Error)]
pub(super) enum CancellationError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Job for Cancellations {
    const NAME: &'static str = "cancellations";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "the rest of a cancellation could not be carried out; it is tried again";
    type Error = CancellationError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, CancellationError> {
        Ok(engine.store.has_unfinished_cancellations().await?)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), CancellationError> {
        while engine.store.continue_cancellation().await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
