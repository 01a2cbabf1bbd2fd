//! The pace of groups at part load.
//!
//! A commit costs about the same for one job as for ten: the wake of the writer, the wait for the disk, the wakes of the
//! callers. When many jobs arrive, a short gap between two groups halves the processor time of a job, at the price of a
//! longer wait. When few arrive there is nothing to gain, and when the writer is busy anyway groups are large by
//! themselves. So there is a gap only if enough jobs arrive to fill it.

use std::time::{Duration, Instant};

/// The shortest time from one group to the next while many jobs arrive. A job waits half of it on average.
const GAP: Duration = Duration::from_millis(1);
/// The jobs that must be expected in a gap.
const WORTH_IT: f64 = 6.0;
/// The time between two looks at the queue. If none arrived in it, the callers wait for this group and send nothing before.
const LOOK: Duration = Duration::from_micros(250);
/// The time over which the rate of jobs is averaged.
const MEMORY: Duration = Duration::from_millis(20);

/// The times and the sizes of the newest groups.
#[derive(Debug)]
pub(super) struct Pace {
    last: Instant,
    /// Jobs a second.
    rate: f64,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now, rate: 0.0 }
    }

    /// Counts the jobs of a group that is taken now.
    pub(super) fn taken(&mut self, jobs: usize, now: Instant) {
        let passed = now.saturating_duration_since(self.last).as_secs_f64().max(1e-6);
        let weight = (passed / MEMORY.as_secs_f64()).min(1.0);
        self.rate += (jobs as f64 / passed - self.rate) * weight;
        self.last = now;
    }

    /// Returns the time to wait before the next look at the queue; `None` if the next group is due.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        let left = GAP.checked_sub(now.saturating_duration_since(self.last))?;
        let is_worth_it = self.rate * GAP.as_secs_f64() >= WORTH_IT;
        (is_worth_it && !left.is_zero()).then_some(left.min(LOOK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a group of so many jobs every so many microseconds, and returns the pace at the time of the last one.
    fn steady(jobs: usize, every_us: u64) -> (Pace, Instant) {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..200 {
            now += Duration::from_micros(every_us);
            pace.taken(jobs, now);
        }
        (pace, now)
    }

    #[test]
    fn few_jobs_are_not_kept_waiting() {
        let (pace, now) = steady(1, 400);
        assert_eq!(pace.wait(now), None);
        let (pace, now) = steady(1, 1_000_000);
        assert_eq!(pace.wait(now), None);
    }

    #[test]
    fn many_jobs_are_gathered() {
        let (pace, now) = steady(3, 200);
        assert_eq!(pace.wait(now), Some(LOOK));
        assert_eq!(pace.wait(now + Duration::from_micros(900)), Some(Duration::from_micros(100)));
        assert_eq!(pace.wait(now + Duration::from_millis(1)), None);
    }

    #[test]
    fn a_burst_after_a_pause_is_not_kept_waiting() {
        let (mut pace, now) = steady(20, 1000);
        let later = now + Duration::from_secs(1);
        pace.taken(1, later);
        assert_eq!(pace.wait(later), None);
    }
}
