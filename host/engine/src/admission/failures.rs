//! Addresses that failed too often of late: at all, or at one source environment.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// An address with this many failures in the last one to two minutes is suspect. A sender that is set up wrong gets there
/// too, which costs it nothing as long as its requests are few at once.
pub(crate) const SUSPECT: u32 = 16;
/// The age at which failures are forgotten, at most two of it.
const GENERATION: Duration = Duration::from_secs(60);
/// The most addresses of a generation, so that no number of addresses takes more than about a megabyte. Beyond, further
/// ones are not counted: who has so many addresses is held by the share of the source environment.
const MAX_ADDRESSES: usize = 8192;

/// Counts failures by address, or by address and source environment: of this minute and of the one before.
pub(crate) struct FailureCounts<K> {
    /// The number of failures that is too often.
    limit: u32,
    /// False while nothing is counted, so that usually no lock is taken.
    is_any: AtomicBool,
    generations: Mutex<Generations<K>>,
}

struct Generations<K> {
    current: HashMap<K, u32>,
    previous: HashMap<K, u32>,
    begun: Option<Instant>,
}

impl<K: Copy + Eq + Hash> FailureCounts<K> {
    /// Counts with this number of failures as too many.
    pub(crate) fn new(limit: u32) -> Self {
        let generations = Generations { current: HashMap::new(), previous: HashMap::new(), begun: None };
        Self { limit, is_any: AtomicBool::new(false), generations: Mutex::new(generations) }
    }

    /// Counts a failure. One without an address counts for nobody.
    pub(crate) fn count(&self, address: Option<K>, now: Instant) {
        let Some(address) = address else { return };
        let mut generations = self.generations();
        generations.rotate(now);
        generations.begun.get_or_insert(now);
        let is_full = generations.current.len() >= MAX_ADDRESSES;
        match generations.current.get_mut(&address) {
            Some(count) => *count = count.saturating_add(1),
            None if is_full => {}
            None => _ = generations.current.insert(address, 1),
        }
        self.is_any.store(true, Ordering::Relaxed);
    }

    /// Returns true for an address that failed too often of late.
    pub(crate) fn is_over(&self, address: Option<K>, now: Instant) -> bool {
        let Some(address) = address else { return false };
        if !self.is_any.load(Ordering::Relaxed) {
            return false;
        }
        let mut generations = self.generations();
        generations.rotate(now);
        if generations.current.is_empty() && generations.previous.is_empty() {
            self.is_any.store(false, Ordering::Relaxed);
        }
        let count = |generation: &HashMap<K, u32>| generation.get(&address).copied().unwrap_or_default();
        count(&generations.current).saturating_add(count(&generations.previous)) >= self.limit
    }

    fn generations(&self) -> MutexGuard<'_, Generations<K>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Generations<K> {
    fn rotate(&mut self, now: Instant) {
        let Some(begun) = self.begun else { return };
        let age = now.saturating_duration_since(begun);
        if age < GENERATION {
            return;
        }
        self.previous = std::mem::take(&mut self.current);
        if age >= GENERATION * 2 {
            self.previous = HashMap::new();
        }
        self.begun = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn peer(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from(number.to_be_bytes()))
    }

    fn fail(failures: &FailureCounts<IpAddr>, peer: Option<IpAddr>, times: u32, now: Instant) {
        (0..times).for_each(|_| failures.count(peer, now));
    }

    #[test]
    fn failures_make_an_address_suspect_for_a_while() {
        let (failures, start) = (FailureCounts::new(SUSPECT), Instant::now());
        fail(&failures, peer(1), SUSPECT - 1, start);
        assert!(!failures.is_over(peer(1), start));
        fail(&failures, peer(1), 1, start + GENERATION);
        assert!(failures.is_over(peer(1), start + GENERATION), "the minute before counts too");
        assert!(!failures.is_over(peer(2), start + GENERATION));
        assert!(!failures.is_over(None, start + GENERATION));
        assert!(!failures.is_over(peer(1), start + GENERATION * 2), "the first ones are forgotten");
        assert!(!failures.is_over(peer(1), start + GENERATION * 10));
        assert!(!failures.is_any.load(Ordering::Relaxed), "nothing is counted any more");
        fail(&failures, peer(1), SUSPECT, start + GENERATION * 10);
        assert!(failures.is_over(peer(1), start + GENERATION * 10));
    }

    #[test]
    fn the_number_of_addresses_is_bounded() {
        let (failures, start) = (FailureCounts::new(SUSPECT), Instant::now());
        for number in 0..3 * u32::try_from(MAX_ADDRESSES).unwrap() {
            failures.count(peer(number), start);
        }
        fail(&failures, None, SUSPECT, start);
        assert_eq!(failures.generations().current.len(), MAX_ADDRESSES);
        fail(&failures, peer(0), SUSPECT, start);
        assert!(failures.is_over(peer(0), start), "an address that is known is still counted");
    }
}
