//! The options with which a store is opened.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    clock::{RealClock, SystemClock},
    observer::WriterObserver,
};

/// The options with which a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// The data directory. If it is missing it is created, for its owner only.
    pub data_dir: PathBuf,
    /// The URL of a PostgreSQL database, which may hold a password; none for the SQLite file in the data directory.
    pub database_url: Option<String>,
    /// The largest number of jobs that wait for the writer. A source environment has at most half of it.
    pub queue: usize,
    /// The most bytes of jobs that wait for the writer; an event counts 4 KiB beside its original. A source environment
    /// has at most half of it.
    pub queue_bytes: usize,
    /// The longest time that a sender's job waits to be taken by the writer. One that would wait longer, by the queue's
    /// own estimate, is refused at once.
    pub max_wait: Duration,
    /// The largest number of events in one transaction. It bounds the wait of the first event of a group; the gain of
    /// larger groups flattens out well below the default.
    pub group_events: usize,
    /// Bytes of originals in one transaction. It bounds memory, because every value is copied on its way to the
    /// database. A job is never split.
    pub group_bytes: usize,
    /// The number of read-only connections.
    pub readers: u32,
    /// The largest size of the database, in bytes, beyond which it takes no writes. None: the disk is the limit.
    pub size_limit: Option<u64>,
    /// The clocks that the store's time follows.
    pub clock: Arc<dyn SystemClock>,
    /// Told about every group.
    pub observer: Option<Arc<dyn WriterObserver>>,
}

impl StoreOptions {
    /// Returns the defaults, with this data directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            queue: 8192,
            queue_bytes: 256 << 20,
            max_wait: Duration::from_secs(2),
            group_events: 512,
            group_bytes: 8 << 20,
            readers: 4,
            size_limit: None,
            clock: Arc::new(RealClock::default()),
            observer: None,
        }
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("data_dir", &self.data_dir)
            .field("queue", &self.queue)
            .field("queue_bytes", &self.queue_bytes)
            .field("max_wait", &self.max_wait)
            .field("group_events", &self.group_events)
            .field("group_bytes", &self.group_bytes)
            .field("readers", &self.readers)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}
