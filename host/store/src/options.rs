//! How a store is opened.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::writer::WriterObserver;

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// The data directory; made, for its owner only, when it is missing.
    pub data_dir: PathBuf,
    /// Jobs that may wait for the writer. More waiting makes larger groups, and longer answers.
    pub queue: usize,
    /// How long a job waits for a place in the queue before it is refused.
    pub queue_wait: Duration,
    /// Events of one transaction. Gains flatten out well before this; it bounds the wait of the first in a group.
    pub group_events: usize,
    /// Bytes of originals in one transaction, which bounds memory: every value is copied on its way to the database.
    /// One job is always taken whole.
    pub group_bytes: usize,
    /// Read-only connections.
    pub readers: u32,
    /// The size that the database may not exceed, in bytes; beyond it nothing is accepted. None: the disk's end.
    pub size_limit: Option<u64>,
    /// Told about every group.
    pub observer: Option<Arc<dyn WriterObserver>>,
}

impl StoreOptions {
    /// The defaults, in this data directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            queue: 1024,
            queue_wait: Duration::from_secs(1),
            group_events: 512,
            group_bytes: 8 << 20,
            readers: 4,
            size_limit: None,
            observer: None,
        }
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("data_dir", &self.data_dir)
            .field("queue", &self.queue)
            .field("queue_wait", &self.queue_wait)
            .field("group_events", &self.group_events)
            .field("group_bytes", &self.group_bytes)
            .field("readers", &self.readers)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}
