//! The databases that can keep a store. One is chosen when the store is opened.

use std::{path::Path, sync::Arc, time::Duration};

use inlet_core::idempotency::HashKey;
use tokio::sync::Notify;

use crate::{
    backend::{Execute, GroupError, Operation},
    clock::StoreClock,
    data_dir::DataDir,
    error::{OpenError, ResealError},
    options::StoreOptions,
    postgres, sqlite,
    vault::Vault,
    writer::Writer,
};

/// The longest time that a read takes on a server.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// An open database: the writer's queue, and the connections that only read.
pub(crate) struct Database {
    pub(crate) writer: Writer<sqlite::WriteConnection>,
    pub(crate) readers: sqlite::Readers,
}

/// A database that was just opened.
pub(crate) struct OpenDatabase {
    pub(crate) database: Database,
    /// The deployment's secret for hashing idempotency keys.
    pub(crate) hash_key: HashKey,
    /// The store's time.
    pub(crate) clock: Arc<StoreClock>,
    /// None where the database is a file.
    pub(crate) shared: Option<postgres::SharedDatabase>,
    /// Told when deliveries may be due.
    pub(crate) deliveries: Arc<Notify>,
    /// Tells everyone who waits that events were committed.
    pub(crate) committed: Arc<Notify>,
}

/// Calls a function of the open backend's `read` module with its read-only connections and these arguments. The error
/// becomes a [`ReadError`](crate::error::ReadError), or the type that is named.
macro_rules! read {
    ($database:expr, $function:ident($($argument:expr),* $(,)?)) => {
        $crate::database::read!($database, $function($($argument),*), $crate::error::ReadError)
    };
    ($database:expr, $function:ident($($argument:expr),* $(,)?), $error:ty) => {
        $crate::database::limited(
            &$database.readers,
            $crate::sqlite::read::$function(&$database.readers $(, $argument)*),
        )
        .await
        .map_err(<$error>::from)
    };
}
pub(crate) use read;

/// Waits for a read. On a server, which may be cut off without a word, it waits for so long at most.
pub(crate) async fn limited<T, E: Into<sqlite::SqliteError>>(
    readers: &sqlite::Readers,
    read: impl Future<Output = Result<T, E>>,
) -> Result<T, sqlite::SqliteError> {
    if !readers.is_postgres() {
        return read.await.map_err(Into::into);
    }
    match tokio::time::timeout(READ_LIMIT, read).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(GroupError::Storage("the database did not answer in time".to_owned()).into()),
    }
}

/// Calls a method of the open backend's writer.
macro_rules! with_writer {
    ($database:expr, $method:ident($($argument:expr),* $(,)?)) => {
        $database.writer.$method($($argument),*)
    };
}
pub(crate) use with_writer;

impl Database {
    /// Opens the database in a data directory, or creates it.
    pub(crate) async fn open(
        data_dir: &DataDir,
        options: &StoreOptions,
        vault: Arc<dyn Vault>,
    ) -> Result<OpenDatabase, OpenError> {
        let (opened, shared) = match &options.database_url {
            Some(url) => {
                let (opened, shared) = postgres::open(url, options, vault).await?;
                (opened, Some(shared))
            }
            None => (sqlite::open(&data_dir.create_database()?, options, vault).await?, None),
        };
        let sqlite::Opened { connections, readers, hash_key, clock, deliveries, committed } = opened;
        let writer = Writer::start(connections, options).map_err(OpenError::Thread)?;
        Ok(OpenDatabase { database: Self { writer, readers }, hash_key, clock, shared, deliveries, committed })
    }

    /// Queues an operation; returns once it is committed.
    pub(crate) async fn execute<O>(&self, operation: O) -> Result<O::Output, O::Error>
    where
        O: Operation,
        sqlite::WriteConnection: Execute<O>,
    {
        self.writer.execute(operation).await
    }

    /// Closes the connections that only read. The writer is closed by its own method.
    pub(crate) async fn close_readers(&self) {
        self.readers.close().await;
    }
}

/// Returns the value by which the key of sealed secrets is recognised; none as long as nothing is sealed. Changes
/// nothing.
pub(crate) async fn sealed_key_check(path: &Path, url: Option<&str>) -> Result<Option<Vec<u8>>, OpenError> {
    if let Some(url) = url {
        return postgres::key_check(url).await;
    }
    // Looking creates no database: a server that refuses to start leaves nothing behind.
    if path.exists() { sqlite::key_check(path).await } else { Ok(None) }
}

/// Seals every secret with another key; returns the number of secrets.
pub(crate) async fn reseal(
    path: &Path,
    url: Option<&str>,
    old: &dyn Vault,
    new: &dyn Vault,
) -> Result<usize, ResealError> {
    match url {
        Some(url) => postgres::reseal(url, old, new).await,
        None => sqlite::reseal(path, old, new).await,
    }
}
