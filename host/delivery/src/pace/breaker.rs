//! The circuit breaker of a target: stops sending to one that fails on everything, and probes it until it recovers. What waits
//! meanwhile uses up no attempts.

use std::time::{Duration, Instant};

/// Failures in a row that open it.
const FAILURES: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The requests that a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing until then.
    Open {
        /// The time of the next probe.
        until: Instant,
    },
    /// One request, whose answer decides.
    Probe,
}

/// The circuit breaker of a target.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    failures: u32,
    pause: Option<(Instant, Duration)>,
    is_probing: bool,
}

impl Breaker {
    /// Returns what is let through now.
    pub fn state(&self, now: Instant) -> BreakerState {
        match self.pause {
            None => BreakerState::Closed,
            Some((until, _)) if now < until => BreakerState::Open { until },
            // A probe that is lost blocks nothing: another one follows with the next pause.
            Some(_) if self.is_probing => BreakerState::Open { until: now + FIRST_PAUSE },
            Some(_) => BreakerState::Probe,
        }
    }

    /// Returns the number of failures in a row if it is open or probing.
    pub fn failures_if_open(&self) -> Option<u32> {
        self.pause.map(|_| self.failures)
    }

    /// Notes that a request is sent.
    pub fn started(&mut self, now: Instant) {
        if self.state(now) == BreakerState::Probe {
            self.is_probing = true;
        }
    }

    /// Notes that the target works.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Notes that a request failed in a way that says that the target does not work.
    pub fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures < FAILURES {
            return;
        }
        match self.pause {
            // Requests that were under way when it opened prolong nothing.
            Some((until, _)) if now < until => {}
            Some((_, pause)) if self.is_probing => {
                let pause = (pause * 2).min(LONGEST_PAUSE);
                self.pause = Some((now + pause, pause));
            }
            Some(_) => {}
            None => self.pause = Some((now + FIRST_PAUSE, FIRST_PAUSE)),
        }
        self.is_probing = false;
    }

    /// Notes that a request ended without a word about the target: it was not sent for a reason of ours.
    pub fn dropped(&mut self) {
        self.is_probing = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn failures_in_a_row_open_it_and_one_success_closes_it() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            breaker.failed(start);
        }
        assert_eq!(breaker.state(start), BreakerState::Closed);
        breaker.failed(start);
        let until = start + FIRST_PAUSE;
        assert_eq!(breaker.state(start), BreakerState::Open { until });
        assert_eq!(breaker.state(until), BreakerState::Probe);
        breaker.started(until);
        assert_ne!(breaker.state(until), BreakerState::Probe);
        breaker.failed(until);
        assert_eq!(breaker.state(until), BreakerState::Open { until: until + FIRST_PAUSE * 2 });
        let next = until + FIRST_PAUSE * 2;
        breaker.started(next);
        breaker.succeeded();
        assert_eq!(breaker.state(next), BreakerState::Closed);
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for number in 0..100 {
            if number % 5 == 0 { breaker.succeeded() } else { breaker.failed(now) }
        }
        assert_eq!(breaker.state(now), BreakerState::Closed);
    }

    proptest! {
        /// Whatever happens, a probe is let through at last, and pauses are bounded.
        #[test]
        fn it_never_stays_open(steps in prop::collection::vec((0_u8..4, 0_u64..400), 0..200)) {
            let (mut breaker, mut now) = (Breaker::default(), Instant::now());
            for (step, seconds) in steps {
                now += Duration::from_secs(seconds);
                match step {
                    0 => breaker.succeeded(),
                    1 => breaker.started(now),
                    2 => breaker.dropped(),
                    _ => breaker.failed(now),
                }
                if let BreakerState::Open { until } = breaker.state(now) {
                    prop_assert!(until <= now + LONGEST_PAUSE);
                }
            }
            breaker.dropped();
            let later = now + LONGEST_PAUSE;
            let is_open = matches!(breaker.state(later), BreakerState::Open { .. });
            prop_assert!(!is_open);
        }
    }
}
