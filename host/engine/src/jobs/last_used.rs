//! Writes the times at which credentials were last used.

use std::time::Duration;

use inlet_store::CommitError;

use super::job::{Job, RunsOn};
use crate::Engine;

/// Writes the times of last use that this process keeps in memory. A failed write costs precision only.
pub(super) struct LastUsedJob;

impl Job for LastUsedJob {
    const NAME: &'static str = "last_used";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "when tokens and keys were last used was not written down";
    type Error = CommitError;

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), CommitError> {
        write(engine).await
    }
}

/// Writes the times of last use once more while the server stops.
pub(super) async fn write_at_stop(engine: &Engine) {
    if let Err(error) = write(engine).await {
        tracing::warn!(%error, "{}", LastUsedJob::FAILURE);
    }
}

async fn write(engine: &Engine) -> Result<(), CommitError> {
    let used = engine.last_used.take();
    if used.is_empty() {
        return Ok(());
    }
    engine.store.credentials_used(used).await
}
