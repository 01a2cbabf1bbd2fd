//! Expands the object recipients of runs into their subscribers.
//!
//! The transaction of an event writes only that a run is to be expanded. This job adds the subscribers in chunks, each in a
//! transaction of its own, so that a million of them never hold the writer. Runs take turns.

use std::time::Duration;

use inlet_store::{CommitError, ReadError};

use super::{
    job::{Job, RunsOn},
    source_tasks::LOOK_EVERY,
};
use crate::Engine;

/// The subscribers of one chunk.
const CHUNK: u32 = 1000;
/// The pause between two chunks, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);

/// Expands runs.
pub(super) struct Expansions;

/// The reason why a run could not be expanded.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExpansionError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Job for Expansions {
    const NAME: &'static str = "expansions";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "the recipients of runs could not be expanded; it is tried again";
    type Error = ExpansionError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, ExpansionError> {
        Ok(!engine.store.unfinished_expansions().await?.is_empty())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ExpansionError> {
        loop {
            let unfinished = engine.store.unfinished_expansions().await?;
            if unfinished.is_empty() {
                return Ok(());
            }
            for (environment, run) in unfinished {
                engine.store.expand_run(environment, run, CHUNK).await?;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
