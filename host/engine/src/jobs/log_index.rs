//! Indexes event logs, so that a search finds a rare value among millions of them. The event path does not pay for it.
//!
//! The job reads the logs that follow the last segment, and writes the next segment in slices with pauses between them. It
//! also removes segments whose events were pruned.

use std::time::{Duration, Instant};

use inlet_store::{CommitError, LogSegment, ReadError};

use super::{
    job::{Job, RunsOn},
    settled_ids::SettledIds,
};
use crate::Engine;

/// The entries of one slice, which takes the writer about 5 ms.
const SLICE: usize = 4096;
/// The rows of one slice of pruning.
const PRUNED_SLICE: u32 = 4096;
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);
/// The pause after a segment, as a multiple of the time that the segment took.
const REST: u32 = 2;
/// The number of segments in a row after which the job stops resting. So many wait only if events come in faster than it indexes them, and
/// a search scans those that no segment has yet.
const BEHIND: usize = 16;

/// Keeps the index over event logs.
#[derive(Default)]
pub(super) struct LogIndex {
    ids: SettledIds,
}

impl Job for LogIndex {
    const NAME: &'static str = "log_index";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "event logs could not be indexed; it is tried again";
    type Error = LogIndexError;

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, LogIndexError> {
        if let Some(settled) = self.ids.settled(engine) {
            for endpoint in engine.snapshot().logs() {
                if engine.store.has_unindexed_logs(endpoint.id, settled).await? {
                    return Ok(true);
                }
            }
        }
        Ok(engine.store.has_prunable_log_segments().await?)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), LogIndexError> {
        let mut written = 0;
        // Source environments take turns, so that a large one does not keep the others waiting.
        loop {
            let mut has_more = false;
            for endpoint in engine.snapshot().logs() {
                let started = Instant::now();
                let Some(settled) = self.ids.settled(engine) else { break };
                let Some(segment) = engine.store.unindexed_logs(endpoint.id, settled).await? else { continue };
                write(engine, segment).await?;
                has_more = true;
                written += 1;
                if written < BEHIND {
                    tokio::time::sleep(started.elapsed() * REST).await;
                }
            }
            if !has_more {
                break;
            }
        }
        while engine.store.prune_log_segments(PRUNED_SLICE).await? > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

/// The reason why indexing stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogIndexError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

async fn write(engine: &Engine, segment: LogSegment) -> Result<(), CommitError> {
    let number = loop {
        match engine.store.begin_log_segment(PRUNED_SLICE).await? {
            Some(number) => break number,
            None => tokio::time::sleep(PAUSE).await,
        }
    };
    for entries in segment.entries.chunks(SLICE) {
        engine.store.add_log_entries(number, entries.to_vec()).await?;
        tokio::time::sleep(PAUSE).await;
    }
    engine.store.finish_log_segment(number, &segment).await
}
