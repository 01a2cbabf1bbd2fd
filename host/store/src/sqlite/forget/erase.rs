//! Overwriting what was deleted.
//!
//! SQLite leaves deleted content in free pages and in the write-ahead log. The writer's connection always overwrites what it
//! deletes inside of pages that stay (`secure_delete = FAST`), which costs an event nothing that can be measured. Freed pages
//! are overwritten only for a request to forget: they would have to be read and written again.
//!
//! PostgreSQL leaves deleted content in its files until VACUUM gives the room away again, and in its write-ahead log until
//! that is recycled; nobody but the operator of the server can do more.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{OverwriteFreePages, TruncateLog},
    sql,
    sqlite::{
        connection::sealing::{Overwrite, overwrite_deleted},
        error::SqliteError,
        statements::transaction,
        write_connection::WriteConnection,
    },
};

/// Runs a transaction that overwrites all that it deletes.
pub(super) async fn overwriting<T>(
    connection: &mut sql::Connection<'_>,
    body: impl AsyncFnOnce(&mut sql::Connection<'_>) -> Result<T, SqliteError>,
) -> Result<T, SqliteError> {
    if connection.is_postgres() {
        return transaction::run(connection.lend(), body).await;
    }
    overwrite_deleted(connection, Overwrite::Everything).await?;
    let result = transaction::run(connection.lend(), body).await;
    let restored = overwrite_deleted(connection, Overwrite::InPages).await;
    let done = result?;
    // Otherwise commits would only be slower.
    if let Err(error) = restored {
        tracing::warn!(error = %CommitError::from(SqliteError::from(error)), "secure_delete could not be set back");
    }
    Ok(done)
}

impl Execute<OverwriteFreePages> for WriteConnection {
    async fn execute(&mut self, OverwriteFreePages { limit }: OverwriteFreePages) -> Result<bool, CommitError> {
        if self.connection.plain().is_postgres() {
            return Ok(true);
        }
        let done = transaction::run(self.connection.plain(), async |connection| {
            Ok(overwrite_free_pages(connection, limit.into()).await?)
        })
        .await?;
        self.checkpoint().await;
        Ok(done)
    }
}

/// Takes at most `limit` free pages and fills them with zeros, or gives taken pages back when no free one is left. Returns
/// true if nothing is left to do.
async fn overwrite_free_pages(connection: &mut sql::Connection<'_>, limit: i64) -> Result<bool, sqlx::Error> {
    let free: i64 = sql::query_scalar("PRAGMA freelist_count").fetch_one(&mut *connection).await?;
    let is_returning: bool = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM overwritten_pages WHERE rowid = ?)")
        .bind(RETURNING)
        .fetch_one(&mut *connection)
        .await?;
    if free > 0 && !is_returning {
        let page_size: i64 = sql::query_scalar("PRAGMA page_size").fetch_one(&mut *connection).await?;
        // An overflow page holds the number of the next one and content.
        sql::query("INSERT INTO overwritten_pages (zeros) VALUES (zeroblob(?))")
            .bind(free.min(limit) * (page_size - 4))
            .execute(connection)
            .await?;
        return Ok(false);
    }
    if !is_returning {
        sql::query("INSERT INTO overwritten_pages (rowid, zeros) VALUES (?, x'')")
            .bind(RETURNING)
            .execute(&mut *connection)
            .await?;
    }
    let returned = sql::query(
        "DELETE FROM overwritten_pages WHERE rowid = (SELECT rowid FROM overwritten_pages WHERE rowid <> ? LIMIT 1)",
    )
    .bind(RETURNING)
    .execute(&mut *connection)
    .await?;
    if returned.rows_affected() > 0 {
        return Ok(false);
    }
    sql::query("DELETE FROM overwritten_pages").execute(connection).await?;
    Ok(true)
}

/// The row that is there while taken pages are given back. It sorts before those that hold pages.
const RETURNING: i64 = -1;

impl Execute<TruncateLog> for WriteConnection {
    async fn execute(&mut self, TruncateLog {}: TruncateLog) -> Result<bool, CommitError> {
        let connection = &mut self.connection.plain();
        if connection.is_postgres() {
            return Ok(true);
        }
        Ok(truncate_log(connection).await.map_err(SqliteError::from)?)
    }
}

/// Copies the write-ahead log into the database file and cuts it to nothing. Returns false if a reader still needs it.
async fn truncate_log(connection: &mut sql::Connection<'_>) -> Result<bool, sqlx::Error> {
    // Requests wait for this: it gives up soon.
    sql::query("PRAGMA busy_timeout = 50").execute(&mut *connection).await?;
    let truncated = sql::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
    sql::query("PRAGMA busy_timeout = 2000").execute(&mut *connection).await?;
    Ok(truncated?.try_get::<i64>(0)? == 0)
}
