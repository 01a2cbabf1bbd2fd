//! The rate of requests that a source environment takes, where its operator set one.
//!
//! A rate fills evenly, and what a second holds may come at once (the generic cell rate algorithm of ITU-T I.371). Only requests
//! that were admitted by their verification count, so a forger takes nothing of a sender's rate.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{ingest::error::IngestError, snapshot::Endpoint};

/// The requests that may come at once: those of a second.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The rates of all source environments that have one.
pub(crate) struct RequestRates {
    /// The servers that share the rate.
    servers: AtomicUsize,
    /// The time at which each would have taken its last request if they had come evenly. One entry for every source environment
    /// with a rate; the operator's configuration bounds their number.
    by_source: Mutex<HashMap<i64, Instant>>,
}

impl RequestRates {
    pub(crate) fn new() -> Self {
        Self { servers: AtomicUsize::new(1), by_source: Mutex::default() }
    }

    /// Takes note of the number of servers that share the rate.
    pub(crate) fn share_among(&self, servers: usize) {
        self.servers.store(servers.max(1), Ordering::Relaxed);
    }

    /// Counts a request of an endpoint, or refuses it if its source environment has more than its rate.
    pub(crate) fn admit(&self, endpoint: &Endpoint, now: Instant) -> Result<(), IngestError> {
        let Some(per_second) = endpoint.settings.max_requests_per_second else { return Ok(()) };
        match self.take(endpoint.id, per_second, now) {
            true => Ok(()),
            false => Err(IngestError::RateLimited { per_second }),
        }
    }

    fn take(&self, source: i64, per_second: u64, now: Instant) -> bool {
        let servers = u32::try_from(self.servers.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        let each = Duration::from_nanos(1_000_000_000 / per_second.max(1)) * servers;
        let mut by_source = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        let due = by_source.get(&source).map_or(now, |due| (*due).max(now));
        // With several servers a request may stand for more than a second.
        if due + each > now + AT_ONCE.max(each) {
            return false;
        }
        by_source.insert(source, due + each);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rates: &RequestRates, source: i64, per_second: u64, requests: usize, now: Instant) -> usize {
        (0..requests).filter(|_| rates.take(source, per_second, now)).count()
    }

    #[test]
    fn a_second_may_come_at_once_and_fills_evenly() {
        let (rates, start) = (RequestRates::new(), Instant::now());
        assert_eq!(taken(&rates, 1, 10, 30, start), 10);
        assert_eq!(taken(&rates, 1, 10, 30, start + Duration::from_millis(250)), 2);
        assert_eq!(taken(&rates, 1, 10, 30, start + Duration::from_secs(3600)), 10, "more than a second is not saved");
        assert_eq!(taken(&rates, 2, 10, 30, start), 10, "every source environment has its own");
    }

    #[test]
    fn in_any_ten_seconds_at_most_eleven_seconds_are_taken() {
        for per_second in [1, 3, 7, 1000] {
            let (rates, start) = (RequestRates::new(), Instant::now());
            let taken = (0..10_000).filter(|ms| rates.take(1, per_second, start + Duration::from_millis(*ms))).count();
            let most = 11 * usize::try_from(per_second).unwrap();
            assert!(taken <= most && taken * 12 >= most * 10, "{per_second} a second: {taken}");
        }
    }

    #[test]
    fn servers_share_the_rate_and_each_takes_some() {
        let (rates, start) = (RequestRates::new(), Instant::now());
        rates.share_among(4);
        assert_eq!(taken(&rates, 1, 20, 100, start), 5);
        assert_eq!(taken(&rates, 2, 1, 100, start), 1);
        assert_eq!(taken(&rates, 2, 1, 100, start + Duration::from_millis(3900)), 0);
        assert_eq!(taken(&rates, 2, 1, 100, start + Duration::from_secs(4)), 1);
        rates.share_among(0);
        assert_eq!(taken(&rates, 3, 20, 100, start), 20);
    }
}
