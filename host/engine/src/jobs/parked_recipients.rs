//! Ends the waits of triggers for recipients who are not identified.
//!
//! The transaction that identifies a recipient creates its runs, up to a limit. This job creates the rest, logs what became
//! of each recipient at the event that named it, and skips those whose time is over by the store's time.

use std::time::Duration;

use inlet_store::{CommitError, ReadError};

use super::{
    job::{Job, RunsOn},
    source_tasks::LOOK_EVERY,
};
use crate::Engine;

/// The waits of one slice.
const SLICE: u32 = 500;
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);

/// Ends waits.
pub(super) struct ParkedRecipients;

/// The reason why waits could not be ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum EndWaitsError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Job for ParkedRecipients {
    const NAME: &'static str = "parked_recipients";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "waits for recipients could not be ended; it is tried again";
    type Error = EndWaitsError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, EndWaitsError> {
        Ok(engine.store.has_ended_waits(engine.store.clock().state().store_ms).await?)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), EndWaitsError> {
        while engine.store.end_waits(engine.store.clock().state().store_ms, SLICE).await? > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
