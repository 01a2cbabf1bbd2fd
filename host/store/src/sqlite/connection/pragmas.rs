//! The settings of connections, and the proof that commits are durable.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::checkpoint;
use crate::{clock::now_ms, records::Durability, sql};

/// Bytes of a database page. Events of a kilobyte take half as many pages as with SQLite's own 4 KiB. With larger pages
/// the one page that a random key touches costs more than is gained.
const PAGE_SIZE: u32 = 8192;

// Statements are not logged: the writer reports every group, and an operator cannot change their text.

/// Returns the options of the connection that writes.
pub(crate) fn for_writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(PAGE_SIZE)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit is answered with 200: it must survive a power cut, which WAL with NORMAL does not promise.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Nobody else writes; only a checkpoint of an inspecting tool can stand in the way.
        .busy_timeout(Duration::from_secs(2))
        // In KiB, as it is negative: the upper levels of every tree and some leaves that random keys touch. More does
        // not pay: SQLite walks its whole cache at every commit that moved a page.
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "memory")
        .pragma("wal_autocheckpoint", checkpoint::TOO_MANY)
        // What is deleted inside of a page that stays in use is overwritten, so that a forgotten user leaves nothing there.
        // Freed pages are not: see `forget/erase.rs`.
        .pragma("secure_delete", "FAST")
        // After a burst the log is cut back to this size, in bytes.
        .pragma("journal_size_limit", "67108864")
        // Scripts of seven sizes and a few combinations of tables. Large scripts are long programs, so there is room for
        // no more than these.
        .statement_cache_capacity(64)
        .disable_statement_logging()
}

/// Returns the options of a connection that only reads.
pub(crate) fn for_reading(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .pragma("query_only", "ON")
        .pragma("cache_size", "-4096")
        .pragma("temp_store", "memory")
        .busy_timeout(Duration::from_secs(2))
        .statement_cache_capacity(32)
        .disable_statement_logging()
}

/// Returns the options of the connection that copies a database into another file. `query_only` would forbid the copy.
pub(crate) fn for_copying(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .pragma("cache_size", "-4096")
        .busy_timeout(Duration::from_secs(2))
        .disable_statement_logging()
}

/// Returns the options of a connection to a database that nobody writes, such as a backup. It leaves no file beside it,
/// even if the database was copied while its journal was a write-ahead log.
pub(crate) fn for_inspecting(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true)
        .pragma("cache_size", "-16384")
        .disable_statement_logging()
}

/// Limits the size of the database. A connection that replaces a lost one needs it again.
pub(crate) async fn limit_size(connection: &mut SqliteConnection, bytes: u64) -> Result<(), sqlx::Error> {
    let page_size: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *connection).await?;
    let pages = bytes / u64::try_from(page_size).unwrap_or(4096);
    // A pragma takes no parameters; a number cannot carry SQL.
    let pragma = format!("PRAGMA max_page_count = {}", pages.max(1));
    sqlx::query(sqlx::AssertSqlSafe(pragma)).execute(&mut *connection).await?;
    Ok(())
}

/// Reads back how commits on this connection reach the disk.
pub(crate) async fn durability(connection: &mut SqliteConnection) -> Result<Durability, sqlx::Error> {
    Ok(Durability {
        synchronous: sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?,
        journal_mode: sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?,
    })
}

/// Writes one row. A file that cannot be written opens read-only without an error: only a write reveals it.
pub(crate) async fn prove_writable(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    prove_writable_in(&mut connection.into()).await
}

/// Writes one row.
pub(crate) async fn prove_writable_in(connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
    sql::query(
        "INSERT INTO meta (key, value) VALUES ('opened_at', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(now_ms().to_be_bytes().to_vec())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes so many bytes, and deletes them. Two transactions, because one would not write what it deletes again.
pub(crate) async fn prove_room(connection: &mut SqliteConnection, bytes: usize) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', zeroblob(?))")
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM meta WHERE key = 'probe'").execute(connection).await?;
    Ok(())
}

/// Writes the whole log into the database file, so that a copy of the file alone is complete, and closes.
pub(crate) async fn close(mut connection: SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await
}
