//! Reading the number of received events by type.

use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

use crate::records::{EventTypeCount, SourceStatus};

/// Returns the counts of a source environment, by type.
pub(crate) async fn counts(readers: &SqlitePool, source_environment: i64) -> Result<Vec<EventTypeCount>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT event_type, count, last_received_at_ms FROM event_types
         WHERE source_environment_id = ? AND event_type <> '' ORDER BY event_type",
    )
    .bind(source_environment)
    .fetch_all(readers)
    .await?;
    let read = |row: &SqliteRow| {
        Ok(EventTypeCount { event_type: row.try_get(0)?, count: row.try_get(1)?, last_received_at_ms: row.try_get(2)? })
    };
    rows.iter().map(read).collect()
}

/// Returns the totals of a source environment, items without a type included.
pub(crate) async fn status(readers: &SqlitePool, source_environment: i64) -> Result<SourceStatus, sqlx::Error> {
    let row = sqlx::query(
        "SELECT coalesce(sum(count), 0), max(last_received_at_ms) FROM event_types WHERE source_environment_id = ?",
    )
    .bind(source_environment)
    .fetch_one(readers)
    .await?;
    Ok(SourceStatus { events_count: row.try_get(0)?, last_event_received_ms: row.try_get(1)? })
}

/// Returns the totals of every source environment with events, with its id.
pub(crate) async fn all_status(readers: &SqlitePool) -> Result<Vec<(i64, SourceStatus)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT source_environment_id, sum(count), max(last_received_at_ms) FROM event_types
         GROUP BY source_environment_id",
    )
    .fetch_all(readers)
    .await?;
    let read = |row: &SqliteRow| {
        let status = SourceStatus { events_count: row.try_get(1)?, last_event_received_ms: row.try_get(2)? };
        Ok((row.try_get(0)?, status))
    };
    rows.iter().map(read).collect()
}
