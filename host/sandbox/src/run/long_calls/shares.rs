//! The turns of long calls, counted per source.
//!
//! Each turn is due in equal parts to the sources that have calls on the thread. If a call waited too long, its source is
//! to blame if it had at least the turns due to it, unless it had a single call: that one waited for the machine.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The turns of all sources with long calls. Clones share the counts.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    /// Sources that have calls on the thread, and no others.
    sources: HashMap<i64, SourceCounts>,
    /// Turns due to a source that has had calls on the thread from the beginning.
    due: f64,
}

#[derive(Default)]
struct SourceCounts {
    calls: usize,
    turns: f64,
}

/// The counts of a source when one of its calls arrived.
#[derive(Clone, Copy)]
pub(super) struct StartOfCall {
    turns: f64,
    due: f64,
}

impl Shares {
    /// Counts a call that arrives on the thread.
    pub(super) fn add_call(&self, source: i64) -> StartOfCall {
        let mut counts = self.lock();
        let due = counts.due;
        let source = counts.sources.entry(source).or_default();
        source.calls += 1;
        StartOfCall { turns: source.turns, due }
    }

    /// Counts a turn of `source`. Returns true if the thread has a single call.
    pub(super) fn count_turn(&self, source: i64) -> bool {
        let mut counts = self.lock();
        counts.due += 1.0 / counts.sources.len().max(1) as f64;
        if let Some(source) = counts.sources.get_mut(&source) {
            source.turns += 1.0;
        }
        counts.sources.values().map(|source| source.calls).sum::<usize>() == 1
    }

    /// Returns true if `source` had at least the turns due to it since `start`, and not all of them in the one call that
    /// had `turns_of_call` turns.
    pub(super) fn is_behind_own_source(&self, source: i64, start: StartOfCall, turns_of_call: usize) -> bool {
        let counts = self.lock();
        let turns = counts.sources.get(&source).map_or(0.0, |source| source.turns) - start.turns;
        // Half a turn tolerates rounding.
        turns > turns_of_call as f64 + 0.5 && turns + 0.5 >= counts.due - start.due
    }

    /// Counts a call that leaves the thread.
    pub(super) fn remove_call(&self, source: i64) {
        let mut counts = self.lock();
        if let Some(left) = counts.sources.get_mut(&source) {
            left.calls -= 1;
            if left.calls == 0 {
                counts.sources.remove(&source);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the sources that are to blame after calls of these sources took turns.
    fn to_blame(calls: &[i64]) -> Vec<i64> {
        let shares = Shares::default();
        let starts: Vec<StartOfCall> = calls.iter().map(|source| shares.add_call(*source)).collect();
        for _ in 0..7 {
            calls.iter().for_each(|source| assert_eq!(shares.count_turn(*source), calls.len() == 1));
        }
        let mut found: Vec<i64> = Vec::new();
        for (source, start) in calls.iter().zip(starts) {
            if shares.is_behind_own_source(*source, start, 7) && !found.contains(source) {
                found.push(*source);
            }
        }
        calls.iter().for_each(|source| shares.remove_call(*source));
        assert!(shares.lock().sources.is_empty());
        found
    }

    #[test]
    fn a_source_that_crowds_out_another_is_to_blame_and_the_other_is_not() {
        assert_eq!(to_blame(&[1]), [0; 0], "it waited for the machine");
        assert_eq!(to_blame(&[1, 1, 1]), [1]);
        assert_eq!(to_blame(&[1, 1, 1, 2]), [1]);
        assert_eq!(to_blame(&[1, 1, 1, 1, 2, 3, 2]), [1]);
        assert_eq!(to_blame(&[1, 2, 1, 2, 3]), [1, 2]);
        assert_eq!(to_blame(&[1, 2, 3]), [0; 0], "there are too many of them");
    }

    #[test]
    fn turns_before_a_call_arrived_do_not_count() {
        let shares = Shares::default();
        shares.add_call(1);
        (0..100).for_each(|_| _ = shares.count_turn(1));
        let start = shares.add_call(2);
        (0..10).for_each(|_| _ = shares.count_turn(1));
        assert!(!shares.is_behind_own_source(2, start, 0));
        (0..11).for_each(|_| _ = shares.count_turn(2));
        assert!(shares.is_behind_own_source(2, start, 5));
    }
}
