//! Opening the database: pragmas, migrations, and the proof that it commits durably and can be written.

use std::{path::Path, time::Duration};

use inlet_core::idempotency::HashKey;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    checkpoint::{self, Checkpointer},
    failure,
    group::Writing,
    sealing::{self, Found, Resealed, SealingError},
};
use crate::{claim::ResealError, error::OpenError, options::StoreOptions, vault::Vault};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How commits reach the disk, as the writer's connection reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// `PRAGMA synchronous`; 2 is FULL: the log is synced before a commit returns.
    pub synchronous: i64,
    /// `PRAGMA journal_mode`.
    pub journal_mode: String,
}

impl Durability {
    fn is_enough(&self) -> bool {
        self.synchronous == 2 && self.journal_mode == "wal"
    }
}

/// An open database.
pub(crate) struct Opened {
    /// The one connection that writes.
    pub(crate) writing: Writing,
    /// The one that keeps its log short.
    pub(crate) checkpointer: Checkpointer,
    /// Those that only read.
    pub(crate) readers: SqlitePool,
    /// The deployment's secret for hashing keys.
    pub(crate) hash_key: HashKey,
}

/// Opens the database, or makes it.
pub(crate) async fn open(path: &Path, options: &StoreOptions, vault: &dyn Vault) -> Result<Opened, OpenError> {
    let explain = |error: sqlx::Error| explain(path, &error);
    let connect = writer_options(path);
    let mut connection = connect.connect().await.map_err(explain)?;
    let durability = durability(&mut connection).await.map_err(explain)?;
    if !durability.is_enough() {
        let Durability { synchronous, journal_mode } = durability;
        return Err(OpenError::NotDurable { synchronous, journal_mode });
    }
    sealing::overwrite_deleted(&mut connection, true).await.map_err(explain)?;
    migrate(path, &mut connection).await?;
    sealing::complete(&mut connection, vault).await.map_err(|error| match error {
        SealingError::Database(error) => explain(error),
        SealingError::Vault(problem) => OpenError::Secrets { path: path.to_owned(), problem },
    })?;
    // Events are deleted all the time, and overwriting them would cost what nobody asked for.
    sealing::overwrite_deleted(&mut connection, false).await.map_err(explain)?;
    if let Some(limit) = options.size_limit {
        limit_size(&mut connection, limit).await.map_err(explain)?;
    }
    prove_writable(&mut connection).await.map_err(explain)?;
    let hash_key = hash_key(&mut connection).await.map_err(explain)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(reader_options(path));
    let checkpointer = Checkpointer::new(connect.clone().pragma("cache_size", "0").connect().await.map_err(explain)?);
    let writing = Writing::new(connection, connect, options.size_limit);
    Ok(Opened { writing, checkpointer, readers, hash_key })
}

/// What a connection is told once more when it replaces a lost one.
pub(crate) async fn limit_size(connection: &mut SqliteConnection, bytes: u64) -> Result<(), sqlx::Error> {
    let page_size: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *connection).await?;
    let pages = bytes / u64::try_from(page_size).unwrap_or(4096);
    // A pragma takes no parameters; a number cannot carry SQL.
    let pragma = format!("PRAGMA max_page_count = {}", pages.max(1));
    sqlx::query(sqlx::AssertSqlSafe(pragma)).execute(&mut *connection).await?;
    Ok(())
}

/// How commits on this connection reach the disk.
pub(crate) async fn durability(connection: &mut SqliteConnection) -> Result<Durability, sqlx::Error> {
    Ok(Durability {
        synchronous: sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?,
        journal_mode: sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?,
    })
}

// Statements are not logged: the writer reports every group, and their text is nothing that an operator can change.

fn writer_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(PAGE_SIZE)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit is answered 200: it must survive a power cut, which WAL with NORMAL does not promise.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Nobody else writes; only a checkpoint of an inspecting tool can stand in the way.
        .busy_timeout(Duration::from_secs(2))
        // In KiB, as it is negative: the upper levels of every tree and some leaves that random keys touch. More does not
        // pay: SQLite walks its whole cache at every commit that moved a page.
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "memory")
        .pragma("wal_autocheckpoint", checkpoint::TOO_MANY)
        // After a burst the log is cut back to this.
        .pragma("journal_size_limit", "67108864")
        // Scripts of seven sizes and a few combinations of tables; the large ones are long programs, so not more than that.
        .statement_cache_capacity(64)
        .disable_statement_logging()
}

fn reader_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .pragma("query_only", "ON")
        .pragma("cache_size", "-4096")
        .pragma("temp_store", "memory")
        .busy_timeout(Duration::from_secs(2))
        .statement_cache_capacity(32)
        .disable_statement_logging()
}

/// Half as many pages to write for events of a kilobyte as with SQLite's own 4 KiB; with more, the one page that a random
/// key touches weighs more than is gained.
const PAGE_SIZE: u32 = 8192;

async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    // A table that others refer to can only be made anew without them; SQLite's own advice for ALTER TABLE.
    let foreign_keys = |on| sqlx::query(if on { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" });
    foreign_keys(false).execute(&mut *connection).await.map_err(|error| explain(path, &error))?;
    let migrated = MIGRATIONS.run(&mut *connection).await;
    foreign_keys(true).execute(&mut *connection).await.map_err(|error| explain(path, &error))?;
    match migrated {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(found)) => {
            Err(OpenError::Newer { path: path.to_owned(), found, known: newest_known() })
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(explain(path, &error)),
        Err(other) => Err(OpenError::Other { path: path.to_owned(), problem: other.to_string() }),
    }
}

fn newest_known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// The value by which the key of sealed secrets is known; none as long as nothing is sealed. Changes nothing.
pub(crate) async fn key_check(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    let explain = |error: sqlx::Error| explain(path, &error);
    let mut connection = reader_options(path).connect().await.map_err(explain)?;
    let found = sealing::look(&mut connection).await;
    connection.close().await.map_err(explain)?;
    match found.map_err(explain)? {
        Found::Nothing => Ok(None),
        Found::Check(check) => Ok(Some(check)),
        Found::NoCheck => Err(OpenError::NoKeyCheck { path: path.to_owned() }),
    }
}

/// Seals everything anew, of a database whose schema is known whole: what a later version seals besides would be lost.
pub(crate) async fn reseal(path: &Path, old: &dyn Vault, new: &dyn Vault) -> Result<Resealed, ResealError> {
    let explain = |error: sqlx::Error| explain(path, &error);
    let mut connection = writer_options(path).create_if_missing(false).connect().await.map_err(explain)?;
    let found: i64 = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .map_err(explain)?;
    if found > newest_known() {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: newest_known() }.into());
    }
    sealing::overwrite_deleted(&mut connection, true).await.map_err(explain)?;
    let resealed = sealing::reseal(&mut connection, old, new).await?;
    connection.close().await.map_err(explain)?;
    Ok(resealed)
}

/// A file that cannot be written opens read-only without a word: only a write tells.
pub(crate) async fn prove_writable(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO meta (key, value) VALUES ('opened_at', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(crate::store::now_ms().to_be_bytes().to_vec())
    .execute(connection)
    .await?;
    Ok(())
}

async fn hash_key(connection: &mut SqliteConnection) -> Result<HashKey, sqlx::Error> {
    let row = sqlx::query("SELECT value FROM meta WHERE key = 'idempotency_hash_key'").fetch_one(connection).await?;
    let bytes: &[u8] = row.try_get(0)?;
    let key = bytes.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?;
    Ok(HashKey(key))
}

fn explain(path: &Path, error: &sqlx::Error) -> OpenError {
    let (path, problem) = (path.to_owned(), error.to_string());
    if failure::is_not_a_database(error) {
        OpenError::NotADatabase { path, problem }
    } else if failure::is_not_writable(error) {
        OpenError::NotWritable { path, problem }
    } else {
        OpenError::Other { path, problem }
    }
}

/// Writes the whole log into the database file, so that a copy of the file alone is complete, and closes.
pub(crate) async fn close(mut connection: SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await
}
