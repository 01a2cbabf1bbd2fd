//! Counts of a source environment since they were last written, for charts. The event path adds to them without a lock; the
//! job `statistics` takes them and writes them.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use inlet_core::log::Outcome;
use inlet_store::{Measure, StatisticsCount};

/// The buckets of times: two for each power of two, in microseconds. The last one, from 12 seconds, is open.
pub const BUCKETS: usize = 48;
/// The stages of a request.
pub const STAGES: usize = 6;

/// Counts since they were last taken. They take memory with the first one.
#[derive(Default)]
pub struct Tally(OnceLock<Box<Counts>>);

struct Counts {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    refused: AtomicU64,
    stages: [[AtomicU32; BUCKETS]; STAGES],
}

impl Tally {
    fn counts(&self) -> &Counts {
        self.0.get_or_init(|| {
            Box::new(Counts {
                outcomes: Default::default(),
                refused: AtomicU64::default(),
                stages: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU32::new(0))),
            })
        })
    }

    /// Counts an event; `outcome` is its position in [`Outcome::ALL`].
    pub(crate) fn event(&self, outcome: usize) {
        if let Some(count) = self.counts().outcomes.get(outcome) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts a request that verification refused.
    pub(crate) fn refused(&self) {
        self.counts().refused.fetch_add(1, Relaxed);
    }

    /// Counts the time of a stage.
    pub(crate) fn stage(&self, stage: usize, time: Duration) {
        if let Some(buckets) = self.counts().stages.get(stage) {
            buckets[bucket_of(time)].fetch_add(1, Relaxed);
        }
    }

    /// Takes the counts, without zeros.
    pub(crate) fn take(&self, source_environment_id: i64) -> Vec<StatisticsCount> {
        let Some(counts) = self.0.get() else { return Vec::new() };
        let outcomes = Outcome::ALL.into_iter().zip(&counts.outcomes);
        let outcomes = outcomes.map(|(outcome, count)| (Measure::Outcome(outcome), count.swap(0, Relaxed)));
        let refused = (Measure::Refused, counts.refused.swap(0, Relaxed));
        let stages = (0..).zip(&counts.stages).flat_map(|(stage, buckets)| {
            (0..)
                .zip(buckets)
                .map(move |(bucket, count)| (Measure::Stage { stage, bucket }, u64::from(count.swap(0, Relaxed))))
        });
        let all = outcomes.chain([refused]).chain(stages).filter(|(_, count)| *count > 0);
        all.map(|(measure, count)| StatisticsCount { source_environment_id, measure, count }).collect()
    }
}

/// Returns the bucket of a time.
fn bucket_of(time: Duration) -> usize {
    let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    let power = us.ilog2();
    let half = if power > 0 { us >> (power - 1) & 1 } else { 0 };
    (power as usize * 2 + usize::from(half == 1)).min(BUCKETS - 1)
}

/// Returns the least time of a bucket, in microseconds. The second one is empty: there is no time between 1 and 2.
pub fn bucket_begin_us(bucket: usize) -> u64 {
    let power = 1u64 << (bucket / 2).min(62);
    power + if bucket % 2 == 1 { power.div_ceil(2) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_bucket_that_begins_before_it() {
        for us in [1, 2, 3, 4, 5, 6, 100, 1023, 1024, 1536, 1_000_000, 12_000_000] {
            let bucket = bucket_of(Duration::from_micros(us));
            assert!(bucket_begin_us(bucket) <= us && us < bucket_begin_us(bucket + 1), "{us} is in {bucket}");
        }
        assert_eq!(bucket_of(Duration::ZERO), 0);
        assert_eq!(bucket_of(Duration::from_secs(3600)), BUCKETS - 1);
    }

    #[test]
    fn counts_are_taken_once() {
        let tally = Tally::default();
        assert!(tally.take(7).is_empty());
        tally.event(0);
        tally.event(0);
        tally.refused();
        tally.stage(5, Duration::from_micros(3));
        let count = |measure, count| StatisticsCount { source_environment_id: 7, measure, count };
        let expected = [
            count(Measure::Outcome(Outcome::Executed), 2),
            count(Measure::Refused, 1),
            count(Measure::Stage { stage: 5, bucket: 3 }, 1),
        ];
        assert_eq!(tally.take(7), expected);
        assert!(tally.take(7).is_empty());
    }
}
