//! Retries requests on which their plugin failed.

use std::time::Duration;

use inlet_store::ReadError;

use super::{
    job::{Job, RunsOn},
    source_tasks::{LOOK_EVERY, SourceTasks},
};
use crate::{
    Engine,
    replay::{self, retries},
};

/// Retries what is due, one task for each source environment. A run ends when nothing is due any more.
pub(super) struct Retries;

impl Job for Retries {
    const NAME: &'static str = "retries";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "it cannot be seen what is to be repaired; it is tried again";
    type Error = ReadError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, ReadError> {
        Ok(!due(engine).await?.is_empty())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ReadError> {
        let mut tasks = SourceTasks::default();
        loop {
            for source_environment in due(engine).await? {
                tasks.start(source_environment, retries::run(engine.clone(), source_environment));
            }
            if !tasks.wait().await {
                return Ok(());
            }
        }
    }
}

/// Returns the source environments in which a retry is due. Retries of a quarantined plugin stay due.
async fn due(engine: &Engine) -> Result<Vec<i64>, ReadError> {
    let is_quarantined =
        |id: &i64| replay::endpoint(engine, *id).is_some_and(|endpoint| endpoint.guard.is_quarantined());
    let mut due = engine.store.retries_due_in().await?;
    due.retain(|id| !is_quarantined(id));
    Ok(due)
}
