//! Indexes event logs, so that a search finds a rare value among millions of them. The event path does not pay for it.
//!
//! The job reads the logs that follow the last segment, and writes the next segment in slices with pauses between them. It
//! also removes segments whose events were pruned.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use inlet_core::Uuid;
use inlet_store::{CommitError, LogSegment, ReadError};

use super::job::{Job, RunsOn};
use crate::Engine;

/// The entries of one slice, which takes the writer about 5 ms.
const SLICE: usize = 4096;
/// The rows of one slice of pruning.
const PRUNED_SLICE: u32 = 4096;
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);
/// The pause after a segment, as a multiple of the time that the segment took.
const REST: u32 = 2;
/// The age from which event logs are indexed: by then every event with an earlier id is committed or refused.
const SETTLED: Duration = Duration::from_secs(10);
/// The time between two samples of ids.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// Keeps the index over event logs.
#[derive(Default)]
pub(super) struct LogIndex {
    ids: SettledIds,
}

/// Samples of the store's ids, which tell the ids that are old enough whatever the system's clock does.
#[derive(Default)]
struct SettledIds {
    /// The samples, the oldest first.
    samples: VecDeque<(Instant, Uuid)>,
}

impl SettledIds {
    /// Takes a sample with a new id. Returns the newest one that is old enough; every id before it is settled. `None` in the
    /// first seconds.
    fn sample(&mut self, now: Instant, new_id: impl FnOnce() -> Uuid) -> Option<Uuid> {
        let is_due = |(at, _): &(Instant, Uuid)| now.saturating_duration_since(*at) >= SAMPLE_INTERVAL;
        if self.samples.back().is_none_or(is_due) {
            self.samples.push_back((now, new_id()));
        }
        let is_settled = |(at, _): &(Instant, Uuid)| now.saturating_duration_since(*at) >= SETTLED;
        while self.samples.get(1).is_some_and(is_settled) {
            self.samples.pop_front();
        }
        self.samples.front().filter(|sample| is_settled(sample)).map(|(_, id)| *id)
    }

    /// Returns the id before which all are settled. `None` in the first seconds.
    fn settled(&mut self, engine: &Engine) -> Option<Uuid> {
        self.sample(Instant::now(), || engine.store.clock().new_id())
    }
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
        // Source environments take turns, so that a large one does not keep the others waiting.
        loop {
            let mut has_more = false;
            for endpoint in engine.snapshot().logs() {
                let started = Instant::now();
                let Some(settled) = self.ids.settled(engine) else { break };
                let Some(segment) = engine.store.unindexed_logs(endpoint.id, settled).await? else { continue };
                write(engine, segment).await?;
                has_more = true;
                tokio::time::sleep(started.elapsed() * REST).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_settled_by_the_time_that_ran_and_not_by_the_time_in_it() {
        let (mut ids, start) = (SettledIds::default(), Instant::now());
        let mut at = |seconds: u64, id: u128| {
            ids.sample(start + Duration::from_secs(seconds), || Uuid::from_u128(id)).map(|id| id.as_u128())
        };
        assert_eq!(at(0, 100), None);
        assert_eq!(at(5, 1 << 100), None, "a clock that jumped ahead");
        assert_eq!(at(9, (1 << 100) + 1), None);
        assert_eq!(at(10, (1 << 100) + 2), Some(100));
        assert_eq!(at(14, (1 << 100) + 3), Some(100));
        assert_eq!(at(15, (1 << 100) + 4), Some(1 << 100));
        assert_eq!(at(100, (1 << 100) + 5), Some((1 << 100) + 4));
    }

    #[test]
    fn samples_are_few() {
        let (mut ids, start) = (SettledIds::default(), Instant::now());
        for number in 0..100_000 {
            ids.sample(start + Duration::from_millis(number), || Uuid::from_u128(number.into()));
        }
        assert!(ids.samples.len() <= 12, "{}", ids.samples.len());
    }
}
