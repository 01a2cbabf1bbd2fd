//! The writer's counters.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

use crate::observer::Stats;

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    groups: AtomicU64,
    events: AtomicU64,
    group_us: AtomicU64,
    last_group: AtomicUsize,
    retried_groups: AtomicU64,
    failed_bytes: AtomicUsize,
}

impl Counters {
    pub(super) fn committed(&self, events: usize, time: Duration) {
        self.group_us.fetch_add(u64::try_from(time.as_micros()).unwrap_or_default(), Ordering::Relaxed);
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(events as u64, Ordering::Relaxed);
        self.last_group.store(events, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retried_groups.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the storage did not take a group of so many bytes.
    pub(super) fn storage_failed(&self, bytes: usize) {
        let bytes = bytes.max(1);
        let smaller = |known: usize| (known == 0 || bytes < known).then_some(bytes);
        // An error means that the known size is smaller, and stays.
        let _ = self.failed_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, smaller);
    }

    /// Notes that the storage took something of that size.
    pub(super) fn storage_works(&self) {
        self.failed_bytes.store(0, Ordering::Relaxed);
    }

    pub(super) fn stats(&self, queued: usize, busy_for: Option<Duration>) -> Stats {
        Stats {
            queued,
            busy_for,
            groups: self.groups.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            group_time: Duration::from_micros(self.group_us.load(Ordering::Relaxed)),
            last_group: self.last_group.load(Ordering::Relaxed),
            retried_groups: self.retried_groups.load(Ordering::Relaxed),
            failed_bytes: self.failed_bytes.load(Ordering::Relaxed),
        }
    }
}
