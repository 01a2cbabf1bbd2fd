//! The time for which a target has been failing. Signals are data; the caller acts on them.

use std::time::Duration;

/// The time of nothing but failures after which a target is disabled.
pub const DISABLE_AFTER: Duration = Duration::from_secs(72 * 3600);
/// The fewest failures within that time: a target that is hardly used is not disabled for one of them.
const MIN_FAILURES: u64 = 10;
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

/// The health of a target since it last ran or was enabled.
#[derive(Debug, Clone, Default)]
pub struct Health {
    failing_since_ms: Option<i64>,
    failures: u64,
    warned_percent: u8,
    warned_at_ms: Option<i64>,
}

impl Health {
    /// Notes a success.
    pub fn succeeded(&mut self) -> Option<Signal> {
        let was_warned = self.warned_percent > 0;
        *self = Self { warned_at_ms: self.warned_at_ms, ..Self::default() };
        was_warned.then_some(Signal::Recovered)
    }

    /// Notes a failure.
    pub fn failed(&mut self, now_ms: i64) -> Option<Signal> {
        let since_ms = *self.failing_since_ms.get_or_insert(now_ms);
        self.failures += 1;
        let failing_ms = u128::try_from(now_ms.saturating_sub(since_ms)).unwrap_or(0);
        let percent = failing_ms * 100 / DISABLE_AFTER.as_millis();
        if percent >= 100 && self.failures >= MIN_FAILURES {
            *self = Self { warned_at_ms: self.warned_at_ms, ..Self::default() };
            return Some(Signal::Disable);
        }
        let reached = WARNINGS.into_iter().filter(|warning| u128::from(*warning) <= percent).max()?;
        let is_too_soon = self.warned_at_ms.is_some_and(|at_ms| {
            u128::try_from(now_ms.saturating_sub(at_ms)).unwrap_or(0) < BETWEEN_WARNINGS.as_millis()
        });
        if reached <= self.warned_percent || is_too_soon {
            return None;
        }
        (self.warned_percent, self.warned_at_ms) = (reached, Some(now_ms));
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

    proptest! {
        /// There is one warning an hour at most, and none twice without a success between them.
        #[test]
        fn warnings_are_rare(steps in prop::collection::vec((any::<bool>(), 0_i64..20 * HOUR_MS), 0..300)) {
            let (mut health, mut now_ms, mut last) = (Health::default(), 0, None);
            for (is_success, wait_ms) in steps {
                now_ms += wait_ms;
                let signal = if is_success { health.succeeded() } else { health.failed(now_ms) };
                if let Some(Signal::Failing { .. }) = signal {
                    prop_assert!(last.is_none_or(|at_ms| now_ms - at_ms >= HOUR_MS));
                    last = Some(now_ms);
                }
            }
        }
    }
}
