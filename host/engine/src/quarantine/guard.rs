//! The guard of a plugin in one source environment: it decides for each request whether the plugin is called.

use std::{
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use inlet_core::quarantine::{Admission, Change, Quarantine, Watch};
use inlet_store::QuarantineRecord;

use crate::clock;

/// The state of the plugin of a source environment. It belongs to the plugin's digest: another version starts afresh.
#[derive(Default)]
pub struct Guard {
    /// True if a fault was seen that still counts.
    is_alert: AtomicBool,
    state: Mutex<State>,
    /// True if there is a decision that other servers do not know.
    has_decision: AtomicBool,
    /// The most memory that a call took, in bytes.
    peak_memory: AtomicU64,
}

/// The state of the plugin, and the part of it that other servers do not know.
#[derive(Default)]
struct State {
    watch: Watch,
    decision: Option<Decision>,
}

/// A decision for the other servers of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// The quarantine began, in milliseconds since 1970.
    Began(Quarantine),
    /// The quarantine ended, or an operator wants none.
    Ended,
}

impl Guard {
    /// Decides about a request that comes now. The second value is true if a fault was seen that still counts; hand it to
    /// [`Self::ended`].
    pub(crate) fn admit(&self) -> (Admission, bool) {
        // Relaxed: a request that misses the change by a moment is admitted, as one that came a moment earlier.
        let is_alert = self.is_alert.load(Ordering::Relaxed);
        let admission = if is_alert { self.state().watch.admit(elapsed_ms()) } else { Admission::Run };
        (admission, is_alert)
    }

    /// Counts the end of an attempt. Returns the change of the quarantine that it made.
    pub(crate) fn ended(&self, admission: Admission, was_alert: bool, is_fault: bool) -> Option<Change> {
        if !was_alert && !is_fault {
            return None;
        }
        let mut state = self.state();
        let change = state.watch.ended(elapsed_ms(), admission, is_fault);
        self.is_alert.store(state.watch != Watch::Well, Ordering::Relaxed);
        match change {
            Some(Change::Began { .. }) => self.decide(&mut state, |quarantine| quarantine.map(Decision::Began)),
            Some(Change::Ended) => self.decide(&mut state, |_| Some(Decision::Ended)),
            None => {}
        }
        change
    }

    /// Calls the plugin again from now on, whatever happened before. Returns true if it was quarantined.
    pub(crate) fn lift(&self) -> bool {
        let mut state = self.state();
        self.is_alert.store(false, Ordering::Relaxed);
        // Another server may have begun one of which this one does not know yet.
        self.decide(&mut state, |_| Some(Decision::Ended));
        state.watch.lift()
    }

    fn decide(&self, state: &mut State, decision: impl FnOnce(Option<Quarantine>) -> Option<Decision>) {
        state.decision = decision(state.watch.quarantine().map(in_ms_since_1970));
        self.has_decision.store(state.decision.is_some(), Ordering::Relaxed);
    }

    /// Returns true if the plugin may be quarantined, or if other servers do not know a decision.
    pub(super) fn is_of_interest(&self) -> bool {
        self.has_decision.load(Ordering::Relaxed) || self.is_alert.load(Ordering::Relaxed)
    }

    /// Takes the decision that other servers do not know.
    pub(super) fn take_decision(&self) -> Option<Decision> {
        let mut state = self.state();
        self.has_decision.store(false, Ordering::Relaxed);
        state.decision.take()
    }

    /// Gives a decision back that could not be told, unless there is another by now.
    pub(super) fn put_back(&self, decision: Decision) {
        let mut state = self.state();
        state.decision.get_or_insert(decision);
        self.has_decision.store(true, Ordering::Relaxed);
    }

    /// Puts in force what all servers know of the plugin: its quarantine, or none. Does nothing while they do not know the
    /// decision of this one. Returns the change.
    pub(super) fn follow(&self, shared: Option<&QuarantineRecord>) -> Option<Change> {
        let mut state = self.state();
        if state.decision.is_some() {
            return None;
        }
        match (shared, state.watch.quarantine()) {
            (Some(shared), None) => {
                let now_ms = elapsed_ms();
                let since_ms = now_ms - (clock::now_ms() - shared.since_ms);
                let QuarantineRecord { faults, calls, .. } = *shared;
                state.watch.quarantine_as(now_ms, Quarantine { since_ms, faults, calls, passed: 0 });
                self.is_alert.store(true, Ordering::Relaxed);
                Some(Change::Began { faults, calls })
            }
            (None, Some(_)) => {
                state.watch.lift();
                self.is_alert.store(false, Ordering::Relaxed);
                Some(Change::Ended)
            }
            _ => None,
        }
    }

    /// Returns true if the plugin is quarantined.
    pub fn is_quarantined(&self) -> bool {
        self.quarantined_since_ms().is_some()
    }

    /// Returns the time at which the quarantine began, in milliseconds since 1970.
    pub fn quarantined_since_ms(&self) -> Option<i64> {
        self.quarantine().map(|quarantine| quarantine.since_ms)
    }

    /// Returns the quarantine with its beginning in milliseconds since 1970; none if the plugin is run.
    pub fn quarantine(&self) -> Option<Quarantine> {
        if !self.is_alert.load(Ordering::Relaxed) {
            return None;
        }
        self.state().watch.quarantine().map(in_ms_since_1970)
    }

    /// Notes the memory that a call took, in bytes.
    pub(crate) fn note_memory(&self, bytes: u64) {
        // Calls take about the same: reading first keeps the line shared between cores.
        if self.peak_memory.load(Ordering::Relaxed) < bytes {
            self.peak_memory.fetch_max(bytes, Ordering::Relaxed);
        }
    }

    /// Returns the most memory that a call took since the server started, in bytes; none without a call.
    pub fn peak_memory(&self) -> Option<u64> {
        Some(self.peak_memory.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a quarantine with its beginning in milliseconds since 1970.
fn in_ms_since_1970(quarantine: Quarantine) -> Quarantine {
    Quarantine { since_ms: clock::now_ms() - (elapsed_ms() - quarantine.since_ms), ..quarantine }
}

/// Returns the milliseconds of a clock that never goes back.
fn elapsed_ms() -> i64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(guard: &Guard) -> QuarantineRecord {
        let Quarantine { since_ms, faults, calls, .. } = guard.quarantine().unwrap();
        QuarantineRecord { source_environment_id: 1, digest: "sha256:00".to_owned(), since_ms, faults, calls }
    }

    fn record() -> QuarantineRecord {
        let since_ms = clock::now_ms() - 60_000;
        QuarantineRecord { source_environment_id: 1, digest: "sha256:00".to_owned(), since_ms, faults: 20, calls: 21 }
    }

    #[test]
    fn a_quarantine_of_another_server_is_followed_to_its_end() {
        let guard = Guard::default();
        assert_eq!(guard.follow(None), None);
        let record = record();
        assert_eq!(guard.follow(Some(&record)), Some(Change::Began { faults: 20, calls: 21 }));
        assert_eq!(guard.follow(Some(&record)), None, "it has begun");
        assert_eq!(guard.admit().0, Admission::Hold);
        assert_eq!(guard.take_decision(), None, "it is none of this server's");
        assert!((shared(&guard).since_ms - record.since_ms).abs() < 1000);
        assert_eq!(guard.follow(None), Some(Change::Ended));
        assert_eq!((guard.admit().0, guard.is_of_interest()), (Admission::Run, false));
    }

    #[test]
    fn what_was_decided_here_is_told_before_another_is_followed() {
        let guard = Guard::default();
        guard.follow(Some(&record()));
        assert!(guard.lift());
        assert_eq!(guard.follow(Some(&record())), None, "the others do not know yet");
        let decision = guard.take_decision().unwrap();
        assert_eq!(decision, Decision::Ended);
        guard.put_back(decision);
        assert_eq!(guard.follow(Some(&record())), None, "it could not be told");
        assert!(guard.is_of_interest());
        assert_eq!(guard.take_decision(), Some(Decision::Ended));
        assert_eq!((guard.take_decision(), guard.is_quarantined()), (None, false));
    }
}
