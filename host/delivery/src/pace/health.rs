//! The time for which a target has been failing. Signals are data; the caller acts on them.

use std::time::Duration;

use inlet_store::TargetHealth;

/// The time of nothing but failures after which a target is disabled.
pub const DISABLE_AFTER: Duration = Duration::from_secs(72 * 3600);
/// The fewest failures within that time: a target that is hardly used is not disabled for one of them.
const MIN_FAILURES: u32 = 10;
/// The shares of that time at which there is a warning.
const WARNINGS: [u8; 3] = [50, 70, 90];
const BETWEEN_WARNINGS: Duration = Duration::from_secs(3600);

/// A report about a target to its operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It has failed for this share of the time after which it is disabled.
    Failing {
        /// 50, 70 or 90.
        percent: u8,
    },
    /// It has failed for the whole time: disable it.
    Disable,
    /// It works again after a warning.
    Recovered,
}

/// The health of a target since it last ran or was enabled. Times are the store's, so that those of restarts add up, and the
/// time that the server was off does not count as failing.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// The health as it is written to the store. It changes with the first failures, with warnings and with successes after
    /// failures, not with every attempt.
    record: TargetHealth,
}

impl Health {
    /// Continues from a stored health.
    pub fn of(record: TargetHealth) -> Self {
        Self { record }
    }

    /// Returns the health to store.
    pub fn record(&self) -> TargetHealth {
        self.record
    }

    /// Notes a success.
    pub fn succeeded(&mut self) -> Option<Signal> {
        let was_warned = self.record.warned_percent > 0;
        self.record = TargetHealth { warned_at_ms: self.record.warned_at_ms, ..TargetHealth::default() };
        was_warned.then_some(Signal::Recovered)
    }

    /// Notes a failure. Signals [`Signal::Disable`] with every further one, until the target is stopped.
    pub fn failed(&mut self, now_ms: i64) -> Option<Signal> {
        let health = &mut self.record;
        let since_ms = *health.failing_since_ms.get_or_insert(now_ms);
        health.failures = (health.failures + 1).min(MIN_FAILURES);
        let elapsed = |since_ms: i64| u128::try_from(now_ms.saturating_sub(since_ms)).unwrap_or(0);
        let percent = elapsed(since_ms) * 100 / DISABLE_AFTER.as_millis();
        if percent >= 100 && health.failures >= MIN_FAILURES {
            return Some(Signal::Disable);
        }
        let reached = WARNINGS.into_iter().filter(|warning| u128::from(*warning) <= percent).max()?;
        let is_too_soon = health.warned_at_ms.is_some_and(|at_ms| elapsed(at_ms) < BETWEEN_WARNINGS.as_millis());
        if reached <= health.warned_percent || is_too_soon {
            return None;
        }
        (health.warned_percent, health.warned_at_ms) = (reached, Some(now_ms));
        Some(Signal::Failing { percent: reached })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn warnings_come_before_the_end_and_a_success_ends_them() {
        let mut health = Health::default();
        let signals: Vec<_> = (0..=72).filter_map(|hour| Some((hour, health.failed(hour * HOUR_MS)?))).collect();
        let failing = |percent| Signal::Failing { percent };
        assert_eq!(signals, [(36, failing(50)), (51, failing(70)), (65, failing(90)), (72, Signal::Disable)]);

        let mut health = Health::default();
        for hour in 0..40 {
            health.failed(hour * HOUR_MS);
        }
        assert_eq!(health.succeeded(), Some(Signal::Recovered));
        assert_eq!(health.succeeded(), None);
        assert_eq!(health.failed(80 * HOUR_MS), None, "it counts from the first failure after the success");
    }

    #[test]
    fn a_target_that_is_hardly_used_is_not_disabled() {
        let mut health = Health::default();
        for number in 0..9 {
            assert_ne!(health.failed(number * 1000 * HOUR_MS), Some(Signal::Disable));
        }
        assert_eq!(health.failed(9000 * HOUR_MS), Some(Signal::Disable));
    }

    #[test]
    fn a_target_that_is_not_stopped_is_disabled_again_with_the_next_failure() {
        let mut health = Health::default();
        for hour in 0..=72 {
            health.failed(hour * HOUR_MS);
        }
        assert_eq!(Health::of(health.record()).failed(73 * HOUR_MS), Some(Signal::Disable));
    }

    #[test]
    fn most_failures_change_nothing_that_is_stored() {
        let mut health = Health::default();
        let mut changes = 0;
        for second in 0..100_000 {
            let before = health.record();
            health.failed(second * 1000);
            changes += u32::from(health.record() != before);
        }
        assert_eq!(changes, MIN_FAILURES);
    }

    proptest! {
        /// There is one warning an hour at most. Restarts change no signal: all that counts is stored.
        #[test]
        fn warnings_are_rare_over_restarts_too(
            steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0_i64..20 * HOUR_MS), 0..300),
        ) {
            let (mut health, mut now_ms, mut last) = (Health::default(), 0, None);
            for (is_success, is_restart, wait_ms) in steps {
                now_ms += wait_ms;
                if is_restart {
                    health = Health::of(health.record());
                }
                let signal = if is_success { health.succeeded() } else { health.failed(now_ms) };
                if let Some(Signal::Failing { .. }) = signal {
                    prop_assert!(last.is_none_or(|at_ms| now_ms - at_ms >= HOUR_MS));
                    last = Some(now_ms);
                }
            }
        }
    }
}
