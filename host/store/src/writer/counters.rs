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
    last_group: AtomicUsize,
    retried_groups: AtomicU64,
}

impl Counters {
    pub(super) fn committed(&self, events: usize) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(events as u64, Ordering::Relaxed);
        self.last_group.store(events, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retried_groups.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stats(&self, queued: usize, busy_for: Option<Duration>) -> Stats {
        Stats {
            queued,
            busy_for,
            groups: self.groups.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            last_group: self.last_group.load(Ordering::Relaxed),
            retried_groups: self.retried_groups.load(Ordering::Relaxed),
        }
    }
}
