//! Clears the attention of failures whose issue an operator knows, slice by slice.

use std::time::Duration;

use inlet_store::{CommitError, ReadError};

use super::{
    job::{Job, RunsOn},
    source_tasks::LOOK_EVERY,
};
use crate::Engine;

/// The entries of one slice.
const SLICE: u32 = 500;
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);

/// Clears the attention of known issues.
pub(super) struct KnownIssues;

/// The reason why the attention of failures could not be cleared.
#[derive(Debug, thiserror::Error)]
pub(super) enum KnownIssuesError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Job for KnownIssues {
    const NAME: &'static str = "known_issues";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "failures of known issues still need attention; it is tried again";
    type Error = KnownIssuesError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, KnownIssuesError> {
        Ok(engine.store.has_known_issues().await?)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), KnownIssuesError> {
        while engine.store.clear_known_issues(SLICE).await? > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
