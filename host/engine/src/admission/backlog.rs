//! The estimate of how long a new request would wait.

use std::time::{Duration, Instant};

/// With fewer requests inside, no wait is estimated: a few slow ones say nothing about the others.
const FEW: usize = 64;
/// The time over which a rate is measured.
const WINDOW: Duration = Duration::from_secs(1);

/// The requests inside, and the rate at which they leave.
///
/// By Little's law a newcomer waits for the number of requests inside divided by that rate. The rate is measured only
/// while a backlog lasts, because an idle server's rate is that of its senders; so nothing is estimated before a backlog
/// is a second old.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    inside: usize,
    window: Option<Window>,
    /// Requests that leave in a second, averaged exponentially. `None`: not measured yet.
    rate: Option<f64>,
}

#[derive(Debug)]
struct Window {
    start: Instant,
    left: u32,
}

impl Backlog {
    pub(super) fn inside(&self) -> usize {
        self.inside
    }

    pub(super) fn enter(&mut self) {
        self.inside += 1;
    }

    pub(super) fn leave(&mut self) {
        self.inside = self.inside.saturating_sub(1);
        if let Some(window) = &mut self.window {
            window.left = window.left.saturating_add(1);
        }
    }

    /// Returns the time that a new request would wait; zero if nothing is known.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        if self.inside < FEW {
            (self.window, self.rate) = (None, None);
            return Duration::ZERO;
        }
        let window = self.window.get_or_insert(Window { start: now, left: 0 });
        let elapsed = now.saturating_duration_since(window.start);
        if elapsed >= WINDOW {
            let measured = f64::from(window.left) / elapsed.as_secs_f64();
            // Half of the average is the last second.
            self.rate = Some(self.rate.map_or(measured, |rate| (rate + measured) / 2.0));
            *window = Window { start: now, left: 0 };
        }
        match self.rate {
            None => Duration::ZERO,
            Some(rate) => Duration::try_from_secs_f64(self.inside as f64 / rate).unwrap_or(Duration::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn enter(backlog: &mut Backlog, count: usize) {
        (0..count).for_each(|_| backlog.enter());
    }

    #[test]
    fn an_idle_or_new_server_and_one_with_a_few_slow_requests_have_no_wait() {
        let (mut backlog, start) = (Backlog::default(), Instant::now());
        assert_eq!(backlog.wait(start), Duration::ZERO);
        enter(&mut backlog, 1);
        assert_eq!(backlog.wait(start + second(60)), Duration::ZERO, "one slow request");
        enter(&mut backlog, FEW - 2);
        assert_eq!(backlog.wait(start + second(120)), Duration::ZERO, "a few slow requests");
        enter(&mut backlog, 10_000);
        assert_eq!(backlog.wait(start + second(121)), Duration::ZERO, "a burst after a long time with little to do");
    }

    #[test]
    fn the_wait_is_the_number_inside_by_the_rate_of_answers() {
        let (mut backlog, start) = (Backlog::default(), Instant::now());
        enter(&mut backlog, 1100);
        backlog.wait(start);
        (0..100).for_each(|_| backlog.leave());
        assert_eq!(backlog.wait(start + second(1)), second(10), "1,000 inside, 100 a second");
        (0..300).for_each(|_| backlog.leave());
        assert_eq!(
            backlog.wait(start + second(2)),
            Duration::from_secs_f64(3.5),
            "700 inside, 200 a second on average"
        );
        (0..650).for_each(|_| backlog.leave());
        assert_eq!(backlog.wait(start + second(3)), Duration::ZERO, "the backlog ended");
    }

    #[test]
    fn a_backlog_that_does_not_move_has_an_endless_wait() {
        let (mut backlog, start) = (Backlog::default(), Instant::now());
        enter(&mut backlog, FEW);
        backlog.wait(start);
        assert_eq!(backlog.wait(start + second(1)), Duration::MAX);
    }
}
