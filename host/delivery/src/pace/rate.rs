//! The rate limit of a target.

use std::time::{Duration, Instant};

/// The longest time for which one answer holds a whole target back. Its own delivery waits as long as it asked for.
const LONGEST_HOLD: Duration = Duration::from_secs(60);
const HOLD: Duration = Duration::from_secs(1);

/// A token bucket that holds the requests of one second, and the time until which the target takes none.
#[derive(Debug, Clone)]
pub struct RateLimit {
    per_second: Option<u32>,
    /// The servers that share it.
    servers: u32,
    tokens: f64,
    at: Instant,
    held_until: Option<Instant>,
}

impl RateLimit {
    /// Starts with a full bucket; none is no limit.
    pub fn new(per_second: Option<u32>, now: Instant) -> Self {
        Self { per_second, servers: 1, tokens: f64::from(per_second.unwrap_or(0)), at: now, held_until: None }
    }

    /// Takes its part of the rate, which so many servers share.
    pub fn share_among(&mut self, servers: u32) {
        self.servers = servers.max(1);
    }

    /// Takes the right to one request, or returns the time of the next one.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.held_until.filter(|until| now < *until) {
            return Err(until);
        }
        let Some(rate) = self.per_second.map(|rate| f64::from(rate) / f64::from(self.servers)) else { return Ok(()) };
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens, self.at) = ((self.tokens + elapsed * rate).min(rate.max(1.0)), now.max(self.at));
        // Rounding must not make a token late for ever.
        if self.tokens < 1.0 - 1e-6 {
            return Err(now + Duration::from_secs_f64((1.0 - self.tokens) / rate));
        }
        self.tokens -= 1.0;
        Ok(())
    }

    /// Notes that the target takes no more for now.
    pub fn hold(&mut self, now: Instant, asked: Option<Duration>) {
        let until = now + asked.unwrap_or(HOLD).min(LONGEST_HOLD);
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_holds_a_target_for_a_minute_at_most() {
        let start = Instant::now();
        let mut limit = RateLimit::new(None, start);
        assert_eq!(limit.take(start), Ok(()));
        limit.hold(start, Some(Duration::from_secs(365 * 24 * 3600)));
        limit.hold(start, None);
        assert_eq!(limit.take(start), Err(start + LONGEST_HOLD));
        assert_eq!(limit.take(start + LONGEST_HOLD), Ok(()));
    }

    #[test]
    fn servers_share_a_rate() {
        let start = Instant::now();
        let mut limit = RateLimit::new(Some(2), start);
        limit.share_among(4);
        let (mut now, mut taken) = (start, 0);
        while now < start + Duration::from_secs(100) {
            match limit.take(now) {
                Ok(()) => taken += 1,
                Err(next) => now = next,
            }
        }
        assert!((49..=52).contains(&taken), "half a request a second: {taken}");
    }

    proptest! {
        /// In any stretch of time there are at most its share of requests and one second's more, and whoever waits as long as
        /// told gets one.
        #[test]
        fn the_rate_is_kept(rate in 1_u32..2000, waits in prop::collection::vec(0_u64..50, 1..2000)) {
            let start = Instant::now();
            let (mut limit, mut now, mut taken) = (RateLimit::new(Some(rate), start), start, 0_u32);
            for wait in waits {
                now += Duration::from_millis(wait);
                match limit.take(now) {
                    Ok(()) => taken += 1,
                    Err(next) => {
                        prop_assert!(next > now && next <= now + Duration::from_millis(1001));
                        prop_assert_eq!(limit.clone().take(next + Duration::from_micros(1)), Ok(()));
                    }
                }
                let most = f64::from(rate) * (1.0 + (now - start).as_secs_f64()) + 1.0;
                prop_assert!(f64::from(taken) <= most);
            }
        }
    }
}
