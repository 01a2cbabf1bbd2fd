//! The guard of a plugin in one source environment: it decides for each request whether the plugin is called.

use std::{
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use inlet_core::quarantine::{Admission, Change, Quarantine, Watch};

use crate::clock;

/// The state of the plugin of a source environment. It belongs to the plugin's digest: another version starts afresh.
#[derive(Default)]
pub struct Guard {
    /// True if a fault was seen that still counts.
    is_alert: AtomicBool,
    watch: Mutex<Watch>,
    /// The most memory that a call took, in bytes.
    peak_memory: AtomicU64,
}

impl Guard {
    /// Decides about a request that comes now. The second value is true if a fault was seen that still counts; hand it to
    /// [`Self::ended`].
    pub(crate) fn admit(&self) -> (Admission, bool) {
        // Relaxed: a request that misses the change by a moment is admitted, as one that came a moment earlier.
        let is_alert = self.is_alert.load(Ordering::Relaxed);
        let admission = if is_alert { self.watch().admit(elapsed_ms()) } else { Admission::Run };
        (admission, is_alert)
    }

    /// Counts the end of an attempt. Returns the change of the quarantine that it made.
    pub(crate) fn ended(&self, admission: Admission, was_alert: bool, is_fault: bool) -> Option<Change> {
        if !was_alert && !is_fault {
            return None;
        }
        let mut watch = self.watch();
        let change = watch.ended(elapsed_ms(), admission, is_fault);
        self.is_alert.store(*watch != Watch::Well, Ordering::Relaxed);
        change
    }

    /// Calls the plugin again from now on, whatever happened before. Returns true if it was quarantined.
    pub(crate) fn lift(&self) -> bool {
        let mut watch = self.watch();
        self.is_alert.store(false, Ordering::Relaxed);
        watch.lift()
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
        let quarantine = self.watch().quarantine()?;
        let since_ms = clock::now_ms() - (elapsed_ms() - quarantine.since_ms);
        Some(Quarantine { since_ms, ..quarantine })
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

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the milliseconds of a clock that never goes back.
fn elapsed_ms() -> i64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
}
