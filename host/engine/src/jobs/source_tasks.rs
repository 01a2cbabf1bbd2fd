//! Tasks for source environments: at most one for each at a time.

use std::{collections::HashMap, time::Duration};

use inlet_store::inherit_fence;
use tokio::task::{AbortHandle, JoinSet};

/// The time between two looks at the store. The answer comes from an index that is nearly empty.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The running tasks. Dropping them stops all.
#[derive(Default)]
pub(super) struct SourceTasks {
    tasks: JoinSet<()>,
    active: HashMap<i64, AbortHandle>,
}

impl SourceTasks {
    /// Starts a task for a source environment, unless one is running.
    pub(super) fn start(&mut self, source_environment: i64, task: impl Future<Output = ()> + Send + 'static) {
        let Self { tasks, active } = self;
        active.entry(source_environment).or_insert_with(|| tasks.spawn(inherit_fence(task)));
    }

    /// Waits until a task ended or it is time for the next look. Returns false if no task is running.
    pub(super) async fn wait(&mut self) -> bool {
        if let Ok(Some(ended)) = tokio::time::timeout(LOOK_EVERY, self.tasks.join_next()).await {
            report(ended);
            while let Some(ended) = self.tasks.try_join_next() {
                report(ended);
            }
        }
        self.active.retain(|_, task| !task.is_finished());
        !self.active.is_empty()
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "repairing ended unexpectedly and begins anew; please report it");
    }
}
