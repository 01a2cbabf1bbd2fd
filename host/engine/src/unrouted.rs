//! Requests that lead to no endpoint, counted by cause: what somebody who sets up a sender looks for first.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::{Engine, clock::now_ms};

/// Requests that led to no endpoint for one cause, since the server started or since they were dismissed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unrouted {
    /// The cause, one word.
    pub cause: &'static str,
    /// The answer that they got.
    pub message: &'static str,
    /// Their number.
    pub count: u64,
    /// The time of the last one, in milliseconds since 1970.
    pub last_ms: i64,
}

/// The counts of all causes.
#[derive(Default)]
pub(crate) struct UnroutedCounts(Mutex<BTreeMap<&'static str, Unrouted>>);

impl UnroutedCounts {
    pub(crate) fn count(&self, cause: &'static str, message: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unrouted = counts.entry(cause).or_insert(Unrouted { cause, message, count: 0, last_ms: 0 });
        unrouted.count += 1;
        unrouted.last_ms = now_ms();
    }
}

impl Engine {
    /// Forgets the requests that led to no endpoint for this cause, and returns their number; none if none are counted.
    pub fn dismiss_unrouted_requests(&self, cause: &str) -> Option<u64> {
        let mut counts = self.unrouted.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(cause).map(|unrouted| unrouted.count)
    }

    /// Returns the requests that led to no endpoint and were not dismissed, the last one first.
    pub fn unrouted_requests(&self) -> Vec<Unrouted> {
        let counts = self.unrouted.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Unrouted> = counts.values().copied().collect();
        all.sort_by_key(|unrouted| std::cmp::Reverse(unrouted.last_ms));
        all
    }
}
