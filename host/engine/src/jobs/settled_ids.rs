//! Ids that are old enough for a walk in their order: no earlier one can still be committed.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use inlet_core::Uuid;

use crate::Engine;

/// The age at which an id is settled: by then every event with an earlier id is committed or refused.
const SETTLED: Duration = Duration::from_secs(10);
/// The same where several servers write: a group waits for those of the others.
const SETTLED_BESIDE_OTHERS: Duration = Duration::from_secs(60);
/// The time between two samples of ids.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// Samples of the store's ids, which tell the ids that are old enough whatever the system's clock does.
#[derive(Default)]
pub(super) struct SettledIds {
    /// The samples, the oldest first.
    samples: VecDeque<(Instant, Uuid)>,
}

impl SettledIds {
    /// Takes a sample with a new id. Returns the newest one that is old enough; every id before it is settled. `None` in the
    /// first seconds.
    fn sample(&mut self, now: Instant, settled: Duration, new_id: impl FnOnce() -> Uuid) -> Option<Uuid> {
        let is_due = |(at, _): &(Instant, Uuid)| now.saturating_duration_since(*at) >= SAMPLE_INTERVAL;
        if self.samples.back().is_none_or(is_due) {
            self.samples.push_back((now, new_id()));
        }
        let is_settled = |(at, _): &(Instant, Uuid)| now.saturating_duration_since(*at) >= settled;
        while self.samples.get(1).is_some_and(is_settled) {
            self.samples.pop_front();
        }
        self.samples.front().filter(|sample| is_settled(sample)).map(|(_, id)| *id)
    }

    /// Returns the id before which all are settled. `None` in the first seconds.
    pub(super) fn settled(&mut self, engine: &Engine) -> Option<Uuid> {
        let settled = if engine.store.is_shared() { SETTLED_BESIDE_OTHERS } else { SETTLED };
        self.sample(Instant::now(), settled, || engine.store.clock().new_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_settled_by_the_time_that_ran_and_not_by_the_time_in_it() {
        let (mut ids, start) = (SettledIds::default(), Instant::now());
        let mut at = |seconds: u64, id: u128| {
            ids.sample(start + Duration::from_secs(seconds), SETTLED, || Uuid::from_u128(id)).map(|id| id.as_u128())
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
            ids.sample(start + Duration::from_millis(number), SETTLED, || Uuid::from_u128(number.into()));
        }
        assert!(ids.samples.len() <= 12, "{}", ids.samples.len());
    }
}
