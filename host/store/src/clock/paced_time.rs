//! A time that runs at least half and at most twice as fast as the process, and follows the system's clock within that.

use std::time::Duration;

/// A paced time. It never goes back. Where the system's clock is ahead, it catches up one hour in each running hour; where that
/// clock is behind, it waits for it at half speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PacedTime {
    /// Microseconds since 1970.
    time_us: i64,
    /// The running time up to which `time_us` was advanced.
    running: Duration,
}

impl PacedTime {
    pub(super) fn new(time_us: i64, running: Duration) -> Self {
        Self { time_us, running }
    }

    /// Advances the time and returns it, in microseconds since 1970. `system_us` is the time of the system's clock.
    pub(super) fn advance(&mut self, running: Duration, system_us: i64) -> i64 {
        let elapsed_us = running.saturating_sub(self.running).as_micros();
        let elapsed_us = i64::try_from(elapsed_us).unwrap_or(i64::MAX / 2);
        // The part of a microsecond that is left counts the next time.
        self.running += Duration::from_micros(elapsed_us.unsigned_abs());
        let behind_us = system_us.saturating_sub(self.time_us);
        let step_us = behind_us.clamp(elapsed_us / 2, elapsed_us.saturating_mul(2));
        self.time_us = self.time_us.saturating_add(step_us);
        self.time_us
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_US: i64 = 3_600_000_000;
    const START_US: i64 = 1_700_000_000_000_000;

    fn hours(hours: i64) -> Duration {
        Duration::from_micros((hours * HOUR_US).unsigned_abs())
    }

    #[test]
    fn it_equals_a_clock_that_keeps_step() {
        let mut time = PacedTime::new(START_US, Duration::ZERO);
        for hour in 1..100 {
            assert_eq!(time.advance(hours(hour), START_US + hour * HOUR_US), START_US + hour * HOUR_US);
        }
    }

    #[test]
    fn it_catches_up_an_hour_in_each_running_hour() {
        let mut time = PacedTime::new(START_US, Duration::ZERO);
        let ahead_us = 31 * 24 * HOUR_US;
        assert_eq!(time.advance(Duration::from_secs(3), START_US + ahead_us), START_US + 6_000_000);
        // The clock is right again: what was caught up is waited for.
        assert_eq!(time.advance(Duration::from_secs(9), START_US + 9_000_000), START_US + 9_000_000);
        // It stays ahead.
        assert_eq!(
            time.advance(hours(31 * 24), START_US + 62 * 24 * HOUR_US),
            START_US + 62 * 24 * HOUR_US - 9_000_000
        );
    }

    #[test]
    fn it_waits_at_half_speed_for_a_clock_that_went_back() {
        let mut time = PacedTime::new(START_US, Duration::ZERO);
        let back_us = 10 * HOUR_US;
        assert_eq!(time.advance(hours(2), START_US + 2 * HOUR_US - back_us), START_US + HOUR_US);
        assert_eq!(time.advance(hours(20), START_US + 20 * HOUR_US - back_us), START_US + 10 * HOUR_US);
        assert_eq!(time.advance(hours(24), START_US + 24 * HOUR_US - back_us), START_US + 14 * HOUR_US);
    }

    #[test]
    fn parts_of_a_microsecond_add_up() {
        let mut time = PacedTime::new(START_US, Duration::ZERO);
        for nanos in (0..=4_000_u64).step_by(100) {
            time.advance(Duration::from_nanos(nanos), START_US + 1000);
        }
        assert_eq!(time.advance(Duration::from_nanos(4_000), START_US + 1000), START_US + 8);
    }

    proptest! {
        #[test]
        fn whatever_the_clock_does_it_keeps_the_pace(
            steps in proptest::collection::vec((0..10_000_000_u64, -40 * HOUR_US..40 * HOUR_US), 1..50),
        ) {
            let mut time = PacedTime::new(START_US, Duration::ZERO);
            let (mut running_us, mut last_us) = (0, START_US);
            for (elapsed_us, offset_us) in steps {
                running_us += elapsed_us;
                let now_us = time.advance(Duration::from_micros(running_us), START_US + running_us as i64 + offset_us);
                let step_us = now_us - last_us;
                prop_assert!(step_us >= elapsed_us as i64 / 2 && step_us <= 2 * elapsed_us as i64);
                last_us = now_us;
            }
        }
    }
}
