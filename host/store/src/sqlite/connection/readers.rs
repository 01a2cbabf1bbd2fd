//! The connections that only read.

use std::{ops::Deref, path::Path, time::Duration};

use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};

use super::pragmas;
use crate::sqlite::idempotency::SharedIndex;

/// A small pool of connections that cannot write, and the index by which they find idempotency records.
pub(crate) struct Readers {
    pool: SqlitePool,
    pub(crate) records: SharedIndex,
}

impl Readers {
    /// Returns a pool of at most `connections`; each is opened when it is first needed.
    pub(crate) fn open(path: &Path, connections: u32, records: SharedIndex) -> Self {
        let options = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(60));
        Self { pool: options.connect_lazy_with(pragmas::for_reading(path)), records }
    }
}

impl Deref for Readers {
    type Target = SqlitePool;

    fn deref(&self) -> &SqlitePool {
        &self.pool
    }
}
