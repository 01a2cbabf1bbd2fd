//! Failures of the storage: the log of the first at once and of the others once a minute, and the size of what failed, for
//! the probe of readiness.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::counters::Counters;

/// The time between two log lines.
const PERIOD: Duration = Duration::from_secs(60);

/// The failures since the storage last worked.
#[derive(Debug, Default)]
pub(super) struct StorageFailures {
    counters: Arc<Counters>,
    logged: Option<Instant>,
    groups: u64,
    events: u64,
}

impl StorageFailures {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { counters, ..Self::default() }
    }

    /// Counts a failed group, and logs it unless another was logged within a minute.
    pub(super) fn failed(&mut self, reason: &str, events: usize, bytes: usize, now: Instant) {
        self.groups += 1;
        self.events += events as u64;
        self.counters.storage_failed(bytes);
        if self.logged.is_some_and(|logged| now.saturating_duration_since(logged) < PERIOD) {
            return;
        }
        self.logged = Some(now);
        let (groups, events) = (self.groups, self.events);
        tracing::error!(
            reason,
            groups,
            events,
            "events cannot be stored; they are answered 503 until the storage works"
        );
    }

    /// Notes that the storage works.
    pub(super) fn works(&mut self) {
        if self.groups == 0 {
            return;
        }
        let (groups, events) = (self.groups, self.events);
        tracing::info!(groups, events, "events can be stored again; senders were answered 503 meanwhile");
        self.counters.storage_works();
        *self = Self::new(self.counters.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_minute_and_the_smallest_size() {
        let (counters, start) = (Arc::<Counters>::default(), Instant::now());
        let mut failures = StorageFailures::new(counters.clone());
        let bytes = || counters.stats(0, None).failed_bytes;
        failures.failed("full", 1, 20_000, start);
        let first = failures.logged;
        failures.failed("full", 1, 9_000, start + PERIOD / 2);
        failures.failed("full", 1, 30_000, start + PERIOD / 2);
        assert_eq!((failures.logged, bytes()), (first, 9_000));
        failures.failed("full", 1, 9_000, start + PERIOD);
        assert_eq!((failures.logged, failures.groups), (Some(start + PERIOD), 4));
        failures.works();
        assert_eq!((failures.logged, failures.groups, bytes()), (None, 0, 0));
    }
}
