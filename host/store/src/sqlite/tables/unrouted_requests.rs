//! The requests that led to no endpoint, of all servers of a database. A database in a file has no such table.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{CountUnrouted, DismissUnrouted},
    records::UnroutedRecord,
    sql,
    sqlite::{error::SqliteError, statements::database_time::now_ms, write_connection::WriteConnection},
};

/// The time after which requests are forgotten that nobody acknowledged.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Execute<CountUnrouted> for WriteConnection {
    async fn execute(&mut self, CountUnrouted { counted }: CountUnrouted) -> Result<(), CommitError> {
        let UnroutedRecord { cause, message, count, last_ms } = counted;
        sql::query(concat!(
            "WITH forgotten AS (
                 DELETE FROM unrouted_requests WHERE cause <> ?1 AND last_ms < ",
            now_ms!(),
            " - ?5)
             INSERT INTO unrouted_requests (cause, message, count, last_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (cause) DO UPDATE SET message = excluded.message,
                 count = unrouted_requests.count + excluded.count,
                 last_ms = max(unrouted_requests.last_ms, excluded.last_ms)"
        ))
        .bind(cause)
        .bind(message)
        .bind(count.cast_signed())
        .bind(last_ms)
        .bind(KEPT_MS)
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<DismissUnrouted> for WriteConnection {
    async fn execute(&mut self, DismissUnrouted { cause }: DismissUnrouted) -> Result<Option<u64>, CommitError> {
        let dismissed: Option<i64> = sql::query_scalar("DELETE FROM unrouted_requests WHERE cause = ? RETURNING count")
            .bind(cause)
            .fetch_optional(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(dismissed.map(i64::unsigned_abs))
    }
}

/// Returns the requests that led to no endpoint.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<UnroutedRecord>, sqlx::Error> {
    sql::query("SELECT cause, message, count, last_ms FROM unrouted_requests")
        .try_map(|row| {
            Ok(UnroutedRecord {
                cause: row.try_get(0)?,
                message: row.try_get(1)?,
                count: row.try_get::<i64>(2)?.unsigned_abs(),
                last_ms: row.try_get(3)?,
            })
        })
        .fetch_all(readers)
        .await
}
