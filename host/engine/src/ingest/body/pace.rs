//! The pace that a body must keep, so that a slow one does not hold memory for ever.

use std::time::Duration;

use tokio::time::Instant;

/// The time by which more of a body must have arrived.
///
/// A body may pause for `longest_pause`, also before its first byte. Every byte moves the deadline by its share of the
/// minimum rate, but never further away than the longest pause: so neither a byte now and then nor a fast beginning allows a
/// sender to keep a connection for long, and a sender that is faster than the minimum may pause again and again.
pub(super) struct Pace {
    deadline: Instant,
    longest_pause: Duration,
    bytes_per_second: u64,
}

/// The longest pause that is told from an endless one. Adding it to an instant cannot overflow.
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 86_400);

impl Pace {
    /// A rate of 0 limits only the pauses.
    pub(super) fn new(longest_pause: Duration, bytes_per_second: u64, now: Instant) -> Self {
        let longest_pause = longest_pause.min(LONGEST_PAUSE);
        Self { deadline: now + longest_pause, longest_pause, bytes_per_second }
    }

    /// Returns the time by which more must have arrived.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Notes bytes that arrived.
    pub(super) fn received(&mut self, bytes: usize, now: Instant) {
        let latest = now + self.longest_pause;
        self.deadline = match self.bytes_per_second {
            0 => latest,
            rate => latest.min(self.deadline + Duration::from_secs_f64(bytes as f64 / rate as f64)),
        };
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(15);

    /// Sends so many bytes every so many seconds; returns the seconds after which the deadline was missed.
    async fn given_up_after(bytes: usize, every: u64, rate: u64) -> Option<u64> {
        let start = Instant::now();
        let mut pace = Pace::new(PAUSE, rate, start);
        while start.elapsed() < Duration::from_secs(3600) {
            sleep(Duration::from_secs(every)).await;
            if Instant::now() > pace.deadline() {
                return Some((pace.deadline() - start).as_secs());
            }
            pace.received(bytes, Instant::now());
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_given_up_and_the_minimum_rate_is_not() {
        assert_eq!(given_up_after(1, 5, 1024).await, Some(15));
        assert_eq!(given_up_after(512, 1, 1024).await, Some(29), "half of the rate lasts about twice the pause");
        assert_eq!(given_up_after(1024, 1, 1024).await, None);
        assert_eq!(given_up_after(14 * 1024, 14, 1024).await, None, "long pauses at the minimum rate");
        assert_eq!(given_up_after(1 << 20, 16, 1024).await, Some(15), "a pause that is too long");
        assert_eq!(given_up_after(1, 14, 0).await, None, "no rate limits only pauses");
        Pace::new(Duration::MAX, 0, Instant::now()).received(1, Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_beginning_is_no_credit() {
        let start = Instant::now();
        let mut pace = Pace::new(PAUSE, 1024, start);
        pace.received(32 << 20, start);
        assert_eq!(pace.deadline(), start + PAUSE);
        sleep(Duration::from_secs(14)).await;
        pace.received(1, Instant::now());
        assert_eq!((pace.deadline() - start).as_secs(), 15);
    }
}
