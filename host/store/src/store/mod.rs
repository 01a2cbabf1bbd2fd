//! The store: the single entry to the database, one file of methods for each subject.

mod attention;
mod background_work;
mod backup;
mod bulk_operations;
mod deliveries;
mod environments;
mod event_feed;
mod events;
mod expansions;
mod forget;
mod idempotency;
mod issues;
mod job_leases;
mod kept_read;
mod log_search;
mod nodes;
mod operational_events;
mod parked_recipients;
mod plugins;
mod recipients;
mod relations;
mod replays;
mod retention;
mod runs;
mod sessions;
mod sources;
mod statistics;
mod store_time;
mod targets;
mod user_export;

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use inlet_core::idempotency::HashKey;
use tokio::sync::{Notify, Semaphore};

pub use self::backup::Backup;
use self::{
    kept_read::KeptRead,
    retention::{HashWalks, RunWalks},
};
use crate::{
    clock::StoreClock,
    data_dir::{DataDir, FileSizes},
    database::{Database, OpenDatabase, read, with_writer},
    error::{CommitError, OpenError, ReadError},
    observer::Stats,
    operations::ProveWritable,
    options::StoreOptions,
    postgres::{self, SharedDatabase},
    records::{Durability, OpenDeliveries},
    sqlite,
    vault::Vault,
};

/// The most bytes that a readiness probe writes.
const MAX_PROBE_BYTES: usize = 4 << 20;

/// An open store. Share it behind an `Arc`. `Store::open` and `MasterKeyCheck::open` open one.
pub struct Store {
    database: Database,
    hash_key: HashKey,
    /// Opens the secrets of sources.
    vault: Arc<dyn Vault>,
    hash_walks: HashWalks,
    run_walks: RunWalks,
    clock: Arc<StoreClock>,
    /// The parts that only a store on a database server has; none where the database is a file.
    shared: Option<SharedDatabase>,
    /// Told when deliveries may be due.
    deliveries: Arc<Notify>,
    /// Tells everyone who waits that events were committed.
    committed: Arc<Notify>,
    open_deliveries: KeptRead<Vec<OpenDeliveries>>,
    /// Counts the changes of targets.
    target_changes: AtomicU64,
    /// Held by the backup that is being made or read.
    backup: Arc<Semaphore>,
    /// Released last.
    data_dir: DataDir,
}

impl Store {
    /// Opens the database in a data directory that is locked already.
    pub(crate) async fn open_locked(
        data_dir: DataDir,
        options: StoreOptions,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, OpenError> {
        let opened = Database::open(&data_dir, &options, vault.clone()).await?;
        let OpenDatabase { database, hash_key, clock, shared, deliveries, committed } = opened;
        Ok(Self {
            database,
            hash_key,
            vault,
            hash_walks: HashWalks::default(),
            run_walks: RunWalks::default(),
            clock,
            shared,
            deliveries,
            committed,
            open_deliveries: KeptRead::default(),
            target_changes: AtomicU64::new(0),
            backup: Arc::new(Semaphore::new(1)),
            data_dir,
        })
    }

    /// Finishes the waiting jobs and closes. Later jobs are refused; later calls of `close` do nothing.
    pub async fn close(&self) -> Result<(), CommitError> {
        // Only precision is lost if it is not written, or if the store is closed already.
        let _ = self.keep_time().await;
        if let Some(shared) = &self.shared {
            shared.changes.stop();
        }
        self.database.close_readers().await;
        with_writer!(self.database, close()).await
    }

    /// Reads back from the writer's connection how commits reach the disk.
    pub async fn durability(&self) -> Result<Durability, CommitError> {
        with_writer!(self.database, durability()).await
    }

    /// Proves that the store takes webhooks, for a readiness probe: the disk has room, and takes a write. After a failure,
    /// a write of that size.
    pub async fn check(&self) -> Result<(), CommitError> {
        if !self.is_shared() {
            self.data_dir.check_room()?;
        }
        let bytes = self.stats().failed_bytes.min(MAX_PROBE_BYTES);
        self.database.execute(ProveWritable { bytes }).await?;
        if bytes > 0 {
            with_writer!(self.database, storage_works());
        }
        Ok(())
    }

    /// Returns the newest version of the schema that this server knows, which an open database has. A database on a server
    /// and one in a file count their versions apart.
    pub fn schema_version(&self) -> i64 {
        if self.is_shared() { postgres::schema_version() } else { sqlite::schema_version() }
    }

    /// Returns the kind of the database: `postgresql` or `sqlite`.
    pub fn database_kind(&self) -> &'static str {
        if self.is_shared() { "postgresql" } else { "sqlite" }
    }

    /// Returns the path of the data directory.
    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// Returns the sizes of the database and of its write-ahead log, in bytes. A server tells that of the database only.
    pub async fn sizes(&self) -> Result<FileSizes, ReadError> {
        if !self.is_shared() {
            return Ok(self.data_dir.file_sizes());
        }
        let database = read!(self.database, database_bytes())?;
        Ok(FileSizes { database, log: 0, database_written_at_ms: None })
    }

    /// Returns the writer's counters.
    pub fn stats(&self) -> Stats {
        with_writer!(self.database, stats())
    }

    /// Returns the deployment's secret for hashing idempotency keys, created at the first start.
    pub fn hash_key(&self) -> HashKey {
        self.hash_key.clone()
    }
}
