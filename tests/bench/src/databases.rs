//! The databases of a PostgreSQL server that is started for a run. Its programs must be installed.

#[path = "../../system/src/postgres.rs"]
#[allow(dead_code, clippy::unwrap_used, clippy::expect_used, reason = "the tests use all of it, and fail by panicking")]
mod postgres;

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use self::postgres::Postgres;

/// A PostgreSQL server, stopped when dropped.
pub struct Databases {
    postgres: Postgres,
    created: AtomicUsize,
}

impl Databases {
    /// Starts the server.
    pub fn start() -> Self {
        Self { postgres: Postgres::start(), created: AtomicUsize::new(0) }
    }

    /// Creates an empty database, and returns its URL.
    pub fn create(&self) -> String {
        let name = format!("bench_{}", self.created.fetch_add(1, Ordering::Relaxed));
        self.postgres.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://inlet@127.0.0.1:{}/{name}", self.postgres.port)
    }

    /// Does what autovacuum would have done with a database in the hours or days in which it was filled.
    pub fn vacuum(&self, url: &str) {
        let name = url.rsplit('/').next().unwrap_or(url);
        self.postgres.sql(name, "VACUUM ANALYZE");
        self.settle();
    }

    /// Writes out what loads before have left in memory, which the server would do during the next one.
    pub fn settle(&self) {
        self.postgres.sql("postgres", "CHECKPOINT");
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Databases").field("port", &self.postgres.port).finish_non_exhaustive()
    }
}
