//! Runs the replays of many events that operators created.

use std::time::Duration;

use inlet_store::ReadError;

use super::{
    job::{Job, RunsOn},
    source_tasks::{LOOK_EVERY, SourceTasks},
};
use crate::{Engine, replay::replays};

/// Runs the replays that are not finished, also those that an earlier process began: one task for each source
/// environment. A run ends when no replay is left.
pub(super) struct Replays;

impl Job for Replays {
    const NAME: &'static str = "replays";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "it cannot be seen what is to be repaired; it is tried again";
    type Error = ReadError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, ReadError> {
        Ok(!engine.store.running_replays().await?.is_empty())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ReadError> {
        let mut tasks = SourceTasks::default();
        loop {
            for replay in engine.store.running_replays().await? {
                tasks.start(replay.source_environment_id, replays::run(engine.clone(), replay));
            }
            if !tasks.wait().await {
                return Ok(());
            }
        }
    }
}
