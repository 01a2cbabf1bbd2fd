//! The writer's reports: its counters, and an observer of its groups.

use std::time::Duration;

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait now.
    pub queued: usize,
    /// The time that the writer's present work has taken; none if it has no work.
    pub busy_for: Option<Duration>,
    /// Transactions with events.
    pub groups: u64,
    /// Events in these transactions.
    pub events: u64,
    /// The time that these transactions took.
    pub group_time: Duration,
    /// Events in the last of them.
    pub last_group: usize,
    /// Groups that failed and were retried job by job.
    pub retried_groups: u64,
    /// Bytes of the smallest group that the storage did not take since it last took one; zero while it works.
    pub failed_bytes: usize,
}

/// The size of a committed group, and the time that each phase took.
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
    /// The commit itself, which mostly waits for the disk.
    pub commit: Duration,
}

/// Told about every committed group, between groups: it must be quick.
pub trait WriterObserver: Send + Sync {
    /// Called after a group was committed.
    fn on_group(&self, report: &GroupReport);
}
