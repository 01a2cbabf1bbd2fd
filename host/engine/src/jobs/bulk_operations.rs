//! Works off the bulk operations of the recipients API.

use std::time::Duration;

use inlet_store::ReadError;

use super::{
    job::{Job, RunsOn},
    source_tasks::{LOOK_EVERY, SourceTasks},
};
use crate::{Engine, recipients::bulk};

/// Works off the bulk operations that have not ended, also those that an earlier process began: the oldest of each
/// environment, one task for each environment. A run ends when no operation is left.
pub(super) struct BulkOperations;

impl Job for BulkOperations {
    const NAME: &'static str = "bulk_operations";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "it cannot be seen which bulk operations are open; it is tried again";
    type Error = ReadError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn woken(&mut self, engine: &Engine) {
        engine.bulk_operation_created.notified().await;
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, ReadError> {
        Ok(!engine.store.open_bulk_operations().await?.is_empty())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ReadError> {
        let mut tasks = SourceTasks::default();
        loop {
            for operation in engine.store.open_bulk_operations().await? {
                tasks.start(operation.environment_id, bulk::work_off(engine.clone(), operation));
            }
            if !tasks.wait().await {
                return Ok(());
            }
        }
    }
}
