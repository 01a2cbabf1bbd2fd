//! Writes the counts of events and the times of stages, and where servers share a database the requests that led to no
//! endpoint, which the event path keeps in memory.

use std::time::Duration;

use inlet_store::{CommitError, StatisticsCount};

use super::job::{Job, RunsOn};
use crate::{Engine, clock::now_ms};

/// The counts of one transaction: others are committed between two.
const SLICE: usize = 500;

/// Writes the counts since the last run. A process that is killed loses those.
pub(super) struct Statistics;

impl Job for Statistics {
    const NAME: &'static str = "statistics";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "counts for charts were not written down";
    type Error = CommitError;

    fn interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), CommitError> {
        write(engine).await
    }
}

/// Writes the counts once more while the server stops.
pub(super) async fn write_at_stop(engine: &Engine) {
    if let Err(error) = write(engine).await {
        tracing::warn!(%error, "{}", Statistics::FAILURE);
    }
}

async fn write(engine: &Engine) -> Result<(), CommitError> {
    let snapshot = engine.snapshot();
    let counts: Vec<StatisticsCount> =
        snapshot.logs().flat_map(|endpoint| endpoint.meters.tally().take(endpoint.id)).collect();
    let at_s = now_ms() / 1000;
    for slice in counts.chunks(SLICE) {
        engine.store.statistics_record(at_s, slice.to_vec()).await?;
    }
    engine.share_unrouted().await
}
