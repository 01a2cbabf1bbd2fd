//! The pace of groups at part load.
//!
//! A commit costs about the same for one job as for ten: the wake of the writer, the wait for the disk, the wakes of the
//! callers. When many jobs arrive, a short gap between two groups halves the processor time of a job, at the price of a
//! longer wait. When few arrive there is nothing to gain, and when the writer is busy anyway groups are large by
//! themselves. So there is a gap only if enough jobs arrive to fill it, and as long as gaps add jobs.

use std::time::{Duration, Instant};

/// The shortest time from one group to the next while a gap pays. A job waits half of it on average.
const GAP: Duration = Duration::from_millis(1);
/// The jobs that must be expected in a gap.
const WORTH_IT: f64 = 2.0;
/// The jobs that a gap must have added to its group, on average, for the next one. A sender who waits for each answer before
/// the next request adds none, however many requests arrive in a second.
const PAYS: f64 = 1.5;
/// The groups without a gap after which one is tried again.
const TRY_AGAIN: u32 = 64;
/// The shortest time between two looks at the queue. If none arrived in it, the callers wait for this group and send nothing
/// before.
const LOOK: Duration = Duration::from_micros(250);
/// The time over which the rate of jobs is averaged.
const MEMORY: Duration = Duration::from_millis(20);
/// The weight of the newest gap, one in so many.
const GAPS: f64 = 8.0;

/// The times and the sizes of the newest groups.
#[derive(Debug)]
pub(super) struct Pace {
    last: Instant,
    /// Jobs a second.
    rate: f64,
    /// Jobs that a gap added to its group.
    gain: f64,
    without_gap: u32,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now, rate: 0.0, gain: PAYS, without_gap: 0 }
    }

    /// Counts the jobs of a group that is taken now.
    pub(super) fn taken(&mut self, jobs: usize, now: Instant) {
        let passed = now.saturating_duration_since(self.last).as_secs_f64().max(1e-6);
        let weight = (passed / MEMORY.as_secs_f64()).min(1.0);
        self.rate += (jobs as f64 / passed - self.rate) * weight;
        self.last = now;
        self.without_gap = self.without_gap.saturating_add(1);
    }

    /// Learns how many jobs a gap added.
    pub(super) fn gained(&mut self, jobs: usize) {
        self.gain += (jobs as f64 - self.gain) / GAPS;
        self.without_gap = 0;
    }

    /// Returns the time to wait before the next look at the queue; `None` if the next group is due.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        let left = GAP.checked_sub(now.saturating_duration_since(self.last)).filter(|left| !left.is_zero())?;
        let is_worth_it = self.rate * GAP.as_secs_f64() >= WORTH_IT;
        let pays = self.gain >= PAYS || self.without_gap >= TRY_AGAIN;
        // So long that a job or two should arrive.
        let look = Duration::from_secs_f64((2.0 / self.rate).min(1.0)).max(LOOK);
        (is_worth_it && pays).then_some(left.min(look))
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
        let (pace, now) = steady(1, 1000);
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

    #[test]
    fn senders_who_wait_for_each_answer_are_not_kept_waiting_again_and_again() {
        let (mut pace, mut now) = steady(1, 300);
        let mut waited = 0;
        for _ in 0..1000 {
            now += Duration::from_micros(300);
            if pace.wait(now).is_some() {
                waited += 1;
                pace.gained(0);
            }
            pace.taken(1, now);
        }
        assert!((10..40).contains(&waited), "{waited} of 1000 groups waited");
        (0..20).for_each(|_| pace.gained(3));
        assert!(pace.wait(now).is_some(), "others have come");
    }
}
