//! The connections that only read.

use std::{ops::Deref, path::Path, time::Duration};

use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};

use super::pragmas;

/// A small pool of connections that cannot write.
pub(crate) struct Readers(SqlitePool);

impl Readers {
    /// Returns a pool of at most `connections`; each is opened when it is first needed.
    pub(crate) fn open(path: &Path, connections: u32) -> Self {
        let options = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(60));
        Self(options.connect_lazy_with(pragmas::for_reading(path)))
    }
}

impl Deref for Readers {
    type Target = SqlitePool;

    fn deref(&self) -> &SqlitePool {
        &self.0
    }
}
