//! The connections that only read.

use std::{ops::Deref, path::Path, time::Duration};

use sqlx::sqlite::SqlitePoolOptions;

use super::pragmas;
use crate::{sql, sqlite::idempotency::RecordPlaces};

/// A small pool of connections that cannot write, and the places in which they find idempotency records.
pub(crate) struct Readers {
    pool: sql::Pool,
    pub(crate) records: RecordPlaces,
}

impl Readers {
    /// Returns a pool of at most `connections`; each is opened when it is first needed.
    pub(crate) fn pool_of_file(path: &Path, connections: u32) -> sql::Pool {
        let options = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(60));
        sql::Pool::Sqlite(options.connect_lazy_with(pragmas::for_reading(path)))
    }

    pub(crate) fn new(pool: sql::Pool, records: RecordPlaces) -> Self {
        Self { pool, records }
    }
}

impl Deref for Readers {
    type Target = sql::Pool;

    fn deref(&self) -> &sql::Pool {
        &self.pool
    }
}
