//! Loads the filters of generations of idempotency records that were made, by whichever server.

use std::time::Duration;

use inlet_store::ReadError;

use super::job::{Job, RunsOn};
use crate::Engine;

/// Loads filters.
pub(super) struct IdempotencyFilters;

impl Job for IdempotencyFilters {
    const NAME: &'static str = "idempotency_filters";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "filters of idempotency records could not be loaded; the records are read instead";
    type Error = ReadError;

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, ReadError> {
        Ok(engine.store.is_shared())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ReadError> {
        engine.store.refresh_idempotency_generations().await
    }
}
