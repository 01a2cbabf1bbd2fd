//! What the writer tells about itself.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait now.
    pub queued: usize,
    /// Transactions with events.
    pub groups: u64,
    /// Events in them.
    pub events: u64,
    /// Events in the last of them.
    pub last_group: usize,
    /// Groups that failed and were retried job by job.
    pub retried_groups: u64,
}

/// What one group came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupReport {
    /// Requests.
    pub jobs: usize,
    /// Their events.
    pub events: usize,
    /// Bytes of their originals.
    pub bytes: usize,
    /// Loading and settling.
    pub settle: Duration,
    /// Writing rows.
    pub write: Duration,
    /// The commit itself, which is mostly waiting for the disk.
    pub commit: Duration,
}

/// Told about every committed group, between groups: it must be quick.
pub trait WriterObserver: Send + Sync {
    /// A group was committed.
    fn on_group(&self, report: &GroupReport);
}

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

    pub(super) fn stats(&self, queued: usize) -> Stats {
        Stats {
            queued,
            groups: self.groups.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            last_group: self.last_group.load(Ordering::Relaxed),
            retried_groups: self.retried_groups.load(Ordering::Relaxed),
        }
    }
}
