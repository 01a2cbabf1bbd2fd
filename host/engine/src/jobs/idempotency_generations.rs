//! Begins generations of idempotency records and makes their filters, where several servers write.

use std::time::Duration;

use inlet_store::{CommitError, GenerationSize, ReadError};

use super::job::{Job, RunsOn};
use crate::Engine;

/// The size of a generation: its index takes about 15 MB, and its filter half of one. Between two looks of this job it grows by as many
/// records as come in 10 seconds. The age keeps the text of keys from staying long after their window where few events come.
const SIZE: GenerationSize = GenerationSize { records: 262_144, age_ms: 6 * 60 * 60 * 1000 };

/// Keeps generations small, and makes a filter of each that has ended.
pub(super) struct IdempotencyGenerations;

impl Job for IdempotencyGenerations {
    const NAME: &'static str = "idempotency_generations";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "the next generation of idempotency records could not be begun, or the last one not be indexed; it \
        is tried again, and costs only time";
    type Error = GenerationsError;

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, GenerationsError> {
        Ok(engine.store.next_idempotency_generation(SIZE).await?.is_some()
            || engine.store.has_ended_idempotency_generation().await?)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), GenerationsError> {
        if let Some(number) = engine.store.next_idempotency_generation(SIZE).await? {
            engine.store.begin_idempotency_generation(number).await?;
        }
        while let Some(ended) = engine.store.ended_idempotency_generation().await? {
            engine.store.finish_idempotency_generation(ended).await?;
        }
        Ok(())
    }
}

/// The reason why a generation was not begun or finished.
#[derive(Debug, thiserror::Error)]
pub(super) enum GenerationsError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}
