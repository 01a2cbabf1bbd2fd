//! The retry schedule.

use std::time::Duration;

/// The longest wait after an error before anything was sent, so that a target that is back is found soon.
const MAX_UNCOUNTED: Duration = Duration::from_secs(600);
/// The share by which a delay is shortened or prolonged at random, so that what failed together does not come together.
const JITTER: f64 = 0.2;

/// The delays between the attempts of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct RetrySchedule {
    delays: Vec<Duration>,
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The attempts that count, this one included if it counts.
    pub attempts: u32,
    /// All attempts, this one included.
    pub tries: u32,
    /// The time since the first attempt.
    pub age: Duration,
    /// False if nothing was sent, or the target took no more: it uses up no attempt.
    pub is_counted: bool,
    /// The time that the answer asked to wait.
    pub asked: Option<Duration>,
}

impl Default for RetrySchedule {
    /// Three days, each delay about three times the one before at first.
    fn default() -> Self {
        Self::new(Self::DEFAULT_SECONDS.map(Duration::from_secs_f64).to_vec())
    }
}

impl RetrySchedule {
    /// 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 20 h.
    pub const DEFAULT_SECONDS: [f64; 11] =
        [5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 72_000.0];

    /// Makes a schedule of delays. Without any, nothing is retried.
    pub fn new(delays: Vec<Duration>) -> Self {
        Self { delays }
    }

    /// Returns the time after which a delivery is given up even if none of its attempts counts.
    pub fn total(&self) -> Duration {
        self.delays.iter().sum()
    }

    /// Returns the time until the next attempt; none if there is none. `random` is from 0 to 1.
    ///
    /// The time that the answer asked for is granted from the schedule's own delay up to its longest one.
    pub fn next(&self, failed: FailedAttempt, random: f64) -> Option<Duration> {
        let longest = *self.delays.iter().max()?;
        let delay = if failed.is_counted {
            *self.delays.get(failed.attempts.saturating_sub(1) as usize)?
        } else {
            if failed.age >= self.total() {
                return None;
            }
            let index = failed.tries.saturating_sub(1) as usize;
            let delay = self.delays.get(index).or_else(|| self.delays.last()).copied()?;
            // The last attempt is not later than the end.
            delay.min(MAX_UNCOUNTED).min(self.total() - failed.age)
        };
        let delay = delay.mul_f64(1.0 + JITTER * (2.0 * random.clamp(0.0, 1.0) - 1.0));
        Some(failed.asked.map_or(delay, |asked| asked.min(longest).max(delay)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn counted(attempts: u32) -> FailedAttempt {
        FailedAttempt { attempts, tries: attempts, age: Duration::ZERO, is_counted: true, asked: None }
    }

    #[test]
    fn the_default_schedule_lasts_three_days() {
        let schedule = RetrySchedule::default();
        assert!(schedule.total() > DAY * 3 - Duration::from_secs(3600) && schedule.total() <= DAY * 3);
        let delays: Vec<_> =
            (1..=11).map(|attempts| schedule.next(counted(attempts), 0.5).unwrap().as_secs()).collect();
        assert_eq!(delays, [5, 30, 120, 600, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 72_000]);
        assert_eq!(schedule.next(counted(12), 0.5), None);
    }

    #[test]
    fn what_an_answer_asks_for_is_clamped() {
        let schedule = RetrySchedule::default();
        let asked = |seconds| {
            let asked = Some(Duration::from_secs(seconds));
            schedule.next(FailedAttempt { asked, ..counted(2) }, 0.5).unwrap().as_secs()
        };
        assert_eq!((asked(0), asked(29), asked(100), asked(72_000)), (30, 30, 100, 72_000));
        assert_eq!((asked(365 * 24 * 3600), asked(u64::MAX)), (72_000, 72_000));
    }

    #[test]
    fn an_empty_schedule_retries_nothing() {
        let schedule = RetrySchedule::new(Vec::new());
        assert_eq!(schedule.next(counted(1), 0.5), None);
        assert_eq!(schedule.next(FailedAttempt { is_counted: false, ..counted(1) }, 0.5), None);
    }

    proptest! {
        /// However attempts fail and whatever answers ask for, a delivery ends: counted attempts by their number, others by
        /// the age of the first.
        #[test]
        fn every_delivery_ends(
            delays in prop::collection::vec(1_u64..100_000, 0..12),
            fails in prop::collection::vec((any::<bool>(), prop::option::of(0_u64..1_000_000_000), 0.0..1.0), 5000),
        ) {
            let schedule = RetrySchedule::new(delays.iter().copied().map(Duration::from_secs).collect());
            let (mut attempts, mut age, mut ended) = (0, Duration::ZERO, false);
            for (tries, (is_counted, asked, random)) in (1..).zip(fails) {
                attempts += u32::from(is_counted);
                let failed = FailedAttempt { attempts, tries, age, is_counted, asked: asked.map(Duration::from_secs) };
                match schedule.next(failed, random) {
                    Some(delay) => {
                        let longest = Duration::from_secs(*delays.iter().max().unwrap());
                        prop_assert!(delay <= longest.mul_f64(1.0 + JITTER + 1e-9));
                        age += delay;
                    }
                    None => {
                        prop_assert!(attempts as usize > delays.len() || age >= schedule.total());
                        ended = true;
                        break;
                    }
                }
            }
            // Uncounted delays are at least 0.8 s, so only a long schedule may need more attempts than these.
            prop_assert!(ended || schedule.total() > Duration::from_secs(4000));
        }

        /// Jitter moves a delay by a fifth at most.
        #[test]
        fn jitter_is_bounded(attempts in 1_u32..12, random in 0.0..=1.0) {
            let schedule = RetrySchedule::default();
            let exact = schedule.next(counted(attempts), 0.5).unwrap().as_secs_f64();
            let delay = schedule.next(counted(attempts), random).unwrap().as_secs_f64();
            prop_assert!(delay >= exact * 0.799 && delay <= exact * 1.201);
        }
    }
}
