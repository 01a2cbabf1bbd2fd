//! Circuit breaker: stops calling a plugin that fails on most requests of a source environment, and probes it until it
//! recovers.
//!
//! A plugin that crashes or exceeds its time costs a sandbox for every request and gives nothing. It is quarantined by the
//! ratio of its faults over a sliding window, so that one sender among many cannot bring that about: the good requests of
//! the others count too. While a plugin is quarantined, single requests are let through as probes, and it is run again
//! after several good probes in a row.
//!
//! Nothing is counted before the first fault, so that a healthy plugin costs nothing. After it, calls are counted for a
//! while before anything is decided, so that a burst of bad requests is weighed against the requests of the others.
//!
//! Times are milliseconds of a monotonic clock.

use std::collections::VecDeque;

/// The length of the window. It is long enough to weigh the requests of several senders against each other, and short
/// enough that a broken plugin is stopped, and a repaired one recovers, while an operator is watching.
pub const WINDOW_MS: i64 = 60_000;
/// The length of a slot. Calls are counted by slot, and a slot leaves the window as a whole.
const SLOT_MS: i64 = 5_000;
/// The shortest time of counting before a decision, because a burst is not representative.
pub const WATCHED_MS: i64 = 10_000;
/// The smallest number of calls for a decision: of three, two may fail by chance.
pub const MIN_CALLS: u64 = 20;
/// The ratio of faults above which a plugin is quarantined. At one half, a plugin would be stopped that still serves every
/// second request.
const RATIO: (u64, u64) = (2, 3);
/// The time between two probes. A plugin that loops takes one second of it, a fifth of one core at low priority.
pub const PROBE_EVERY_MS: i64 = 5_000;
/// The number of good probes in a row that end a quarantine. One is not enough: a plugin that fails on two of three
/// passes it by chance.
pub const PROBES: u32 = 3;

/// The treatment of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The plugin is run.
    Run,
    /// The plugin is run to see whether it works again.
    Probe,
    /// The plugin is not run.
    Hold,
}

/// A change of state by a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The quarantine began.
    Began {
        /// The number of faults in the window.
        faults: u64,
        /// The number of calls in the window.
        calls: u64,
    },
    /// The quarantine ended.
    Ended,
}

/// The state of a plugin in one source environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Watch {
    /// No recent fault.
    #[default]
    Well,
    /// A recent fault: calls are counted.
    Counting(Counts),
    /// The plugin is not run.
    Quarantined {
        /// The beginning of the quarantine.
        since_ms: i64,
        /// The time from which the next probe is let through.
        probe_at_ms: i64,
        /// The number of good probes in a row.
        passed: u32,
        /// The faults in the window that began it.
        faults: u64,
        /// The calls in that window.
        calls: u64,
    },
}

/// A quarantine, for those who look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarantine {
    /// The beginning of the quarantine.
    pub since_ms: i64,
    /// The faults in the window that began it.
    pub faults: u64,
    /// The calls in that window.
    pub calls: u64,
    /// The number of good probes in a row; [`PROBES`] end it.
    pub passed: u32,
}

/// The calls in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    since_ms: i64,
    /// The oldest first.
    slots: VecDeque<Slot>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    number: i64,
    calls: u64,
    faults: u64,
}

impl Watch {
    /// Decides the treatment of a request that arrives now.
    pub fn admit(&mut self, now_ms: i64) -> Admission {
        match self {
            Watch::Well | Watch::Counting(_) => Admission::Run,
            Watch::Quarantined { probe_at_ms, .. } if now_ms >= *probe_at_ms => {
                // Counted from the start of the probe: one that never ends must not be the last.
                *probe_at_ms = now_ms + PROBE_EVERY_MS;
                Admission::Probe
            }
            Watch::Quarantined { .. } => Admission::Hold,
        }
    }

    /// Records the end of a call.
    pub fn ended(&mut self, now_ms: i64, admission: Admission, is_fault: bool) -> Option<Change> {
        match self {
            Watch::Well if !is_fault => None,
            Watch::Well => {
                let mut counts = Counts { since_ms: now_ms, slots: VecDeque::new() };
                counts.add(now_ms, is_fault);
                *self = Watch::Counting(counts);
                None
            }
            Watch::Counting(counts) => {
                counts.add(now_ms, is_fault);
                match counts.total() {
                    // The last fault left the window.
                    (_, 0) => *self = Watch::Well,
                    (calls, faults) if is_fault && counts.are_too_many(now_ms) => {
                        let probe_at_ms = now_ms + PROBE_EVERY_MS;
                        *self = Watch::Quarantined { since_ms: now_ms, probe_at_ms, passed: 0, faults, calls };
                        return Some(Change::Began { faults, calls });
                    }
                    _ => {}
                }
                None
            }
            // A call that began before the quarantine does not count.
            Watch::Quarantined { .. } if admission != Admission::Probe => None,
            Watch::Quarantined { passed, .. } if is_fault => {
                *passed = 0;
                None
            }
            Watch::Quarantined { passed, .. } => {
                *passed += 1;
                if *passed < PROBES {
                    return None;
                }
                *self = Watch::Well;
                Some(Change::Ended)
            }
        }
    }

    /// Begins a quarantine that was decided elsewhere.
    pub fn quarantine_as(&mut self, now_ms: i64, quarantine: Quarantine) {
        let Quarantine { since_ms, faults, calls, .. } = quarantine;
        let probe_at_ms = now_ms + PROBE_EVERY_MS;
        *self = Watch::Quarantined { since_ms, probe_at_ms, passed: 0, faults, calls };
    }

    /// Ends a quarantine; returns true if there was one.
    pub fn lift(&mut self) -> bool {
        let was_quarantined = self.quarantined_since_ms().is_some();
        *self = Watch::Well;
        was_quarantined
    }

    /// Returns the beginning of the quarantine; none if the plugin is run.
    pub fn quarantined_since_ms(&self) -> Option<i64> {
        self.quarantine().map(|quarantine| quarantine.since_ms)
    }

    /// Returns the quarantine; none if the plugin is run.
    pub fn quarantine(&self) -> Option<Quarantine> {
        match *self {
            Watch::Quarantined { since_ms, passed, faults, calls, .. } => {
                Some(Quarantine { since_ms, faults, calls, passed })
            }
            Watch::Well | Watch::Counting(_) => None,
        }
    }
}

impl Counts {
    fn add(&mut self, now_ms: i64, is_fault: bool) {
        let number = now_ms.div_euclid(SLOT_MS);
        self.slots.retain(|slot| slot.number > number - WINDOW_MS / SLOT_MS);
        if self.slots.back().is_none_or(|last| last.number != number) {
            self.slots.push_back(Slot { number, calls: 0, faults: 0 });
        }
        if let Some(slot) = self.slots.back_mut() {
            slot.calls += 1;
            slot.faults += u64::from(is_fault);
        }
    }

    /// Returns the numbers of calls and faults.
    fn total(&self) -> (u64, u64) {
        self.slots.iter().fold((0, 0), |(calls, faults), slot| (calls + slot.calls, faults + slot.faults))
    }

    fn are_too_many(&self, now_ms: i64) -> bool {
        let (calls, faults) = self.total();
        now_ms - self.since_ms >= WATCHED_MS && calls >= MIN_CALLS && faults * RATIO.1 > calls * RATIO.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START_MS: i64 = 1_000_000;

    fn call(watch: &mut Watch, now_ms: i64, is_fault: bool) -> (Admission, Option<Change>) {
        let admission = watch.admit(now_ms);
        let change = match admission {
            Admission::Hold => None,
            ran => watch.ended(now_ms, ran, is_fault),
        };
        (admission, change)
    }

    /// A plugin that fails on everything, once a second, until it is quarantined.
    fn quarantined() -> (Watch, i64) {
        let mut watch = Watch::default();
        for second in 0.. {
            let now_ms = START_MS + second * 1000;
            if let (_, Some(change)) = call(&mut watch, now_ms, true) {
                assert_eq!(change, Change::Began { faults: 20, calls: 20 });
                return (watch, now_ms);
            }
        }
        unreachable!("it goes on until it is");
    }

    #[test]
    fn a_plugin_that_fails_on_everything_is_held_and_probed() {
        let (mut watch, since_ms) = quarantined();
        let expected = Quarantine { since_ms, faults: 20, calls: 20, passed: 0 };
        assert_eq!(watch.quarantine(), Some(expected));
        assert_eq!(watch.admit(since_ms + 1), Admission::Hold);
        let probe_ms = since_ms + PROBE_EVERY_MS;
        assert_eq!(call(&mut watch, probe_ms, true), (Admission::Probe, None));
        assert_eq!(watch.admit(probe_ms + PROBE_EVERY_MS - 1), Admission::Hold, "one at a time");
    }

    #[test]
    fn several_probes_in_a_row_end_it() {
        let (mut watch, mut now_ms) = quarantined();
        // A good one, a bad one, and only then the row.
        for is_fault in [false, true, false, false] {
            now_ms += PROBE_EVERY_MS;
            assert_eq!(call(&mut watch, now_ms, is_fault), (Admission::Probe, None));
        }
        now_ms += PROBE_EVERY_MS;
        assert_eq!(call(&mut watch, now_ms, false), (Admission::Probe, Some(Change::Ended)));
        assert_eq!(watch, Watch::Well);
    }

    #[test]
    fn what_began_before_the_quarantine_says_nothing_of_now() {
        let (mut watch, now_ms) = quarantined();
        for _ in 0..10 {
            assert_eq!(watch.ended(now_ms + 1, Admission::Run, false), None);
        }
        assert!(watch.quarantined_since_ms().is_some());
        assert!(watch.lift() && !watch.lift());
    }

    #[test]
    fn a_burst_of_one_sender_among_others_does_not_quarantine() {
        let mut watch = Watch::default();
        for _ in 0..500 {
            assert_eq!(call(&mut watch, START_MS, true).1, None);
        }
        // The others' requests, a hundred a second, and the same sender once more.
        for at in 0..WATCHED_MS / 10 {
            call(&mut watch, START_MS + at * 10, false);
        }
        assert_eq!(call(&mut watch, START_MS + WATCHED_MS, true), (Admission::Run, None));
    }

    #[test]
    fn faults_that_are_long_ago_are_forgotten() {
        let mut watch = Watch::default();
        call(&mut watch, START_MS, true);
        call(&mut watch, START_MS + WINDOW_MS + SLOT_MS, false);
        assert_eq!(watch, Watch::Well);
    }

    /// Calls: the pause before each in milliseconds, and true for a fault.
    fn calls() -> impl Strategy<Value = Vec<(i64, bool)>> {
        (0..=100_u32, 1..3000_i64).prop_flat_map(|(percent, pause)| {
            let fault = prop::bool::weighted(f64::from(percent) / 100.0);
            prop::collection::vec((0..pause, fault), 0..400)
        })
    }

    proptest! {
        #[test]
        fn the_decision_is_that_of_the_whole_history(calls in calls()) {
            let (mut watch, mut now_ms) = (Watch::default(), START_MS);
            // Every call since the counting began; the model counts all of them anew each time.
            let mut history: Vec<(i64, bool)> = Vec::new();
            for (pause, is_fault) in calls {
                now_ms += pause;
                let (admission, change) = call(&mut watch, now_ms, is_fault);
                prop_assert_eq!(admission, Admission::Run);
                if !history.is_empty() || is_fault {
                    history.push((now_ms, is_fault));
                }
                let first_slot = now_ms.div_euclid(SLOT_MS) - WINDOW_MS / SLOT_MS + 1;
                let recent: Vec<_> = history.iter().filter(|(at, _)| at.div_euclid(SLOT_MS) >= first_slot).collect();
                let faults = recent.iter().filter(|(_, is_fault)| *is_fault).count() as u64;
                let calls = recent.len() as u64;
                let watched = history.first().is_some_and(|(at, _)| now_ms - at >= WATCHED_MS);
                let expected = (is_fault && watched && calls >= MIN_CALLS && faults * 3 > calls * 2)
                    .then_some(Change::Began { faults, calls });
                prop_assert_eq!(change, expected);
                if change.is_some() {
                    break;
                }
                if faults == 0 {
                    history.clear();
                }
                prop_assert_eq!(watch == Watch::Well, history.is_empty());
            }
        }

        #[test]
        fn whatever_comes_probes_are_rare_and_only_a_row_of_good_ones_ends_it(calls in calls()) {
            let (mut watch, mut now_ms) = quarantined();
            let (mut last_probe_ms, mut row) = (now_ms, 0);
            for (pause, is_fault) in calls {
                now_ms += pause;
                let (admission, change) = call(&mut watch, now_ms, is_fault);
                if admission == Admission::Probe {
                    prop_assert!(now_ms - last_probe_ms >= PROBE_EVERY_MS);
                    last_probe_ms = now_ms;
                    row = if is_fault { 0 } else { row + 1 };
                } else {
                    prop_assert_eq!(admission, Admission::Hold);
                    prop_assert!(now_ms - last_probe_ms < PROBE_EVERY_MS, "a probe that is due is made");
                }
                prop_assert_eq!(change, (row == PROBES).then_some(Change::Ended));
                if change.is_some() {
                    break;
                }
            }
        }
    }
}
