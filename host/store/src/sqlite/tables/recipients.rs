//! Reading users, objects and tenants.

use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

use crate::records::{Cursor, Page, RecipientRecord};

/// Returns a page of one collection, the newest first.
pub(crate) async fn page(
    readers: &SqlitePool,
    environment: i64,
    collection: &str,
    cursor: Cursor<i64>,
    limit: usize,
) -> Result<Page<RecipientRecord>, sqlx::Error> {
    let (sql, bound) = match cursor {
        Cursor::Start => (OLDER, i64::MAX),
        Cursor::After(seq) => (OLDER, seq),
        Cursor::Before(seq) => (NEWER, seq),
    };
    let rows = sqlx::query(sql)
        .bind(environment)
        .bind(collection)
        .bind(bound)
        .bind(limit as i64 + 1)
        .fetch_all(readers)
        .await?;
    let found = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of_found(found, limit, &cursor))
}

const OLDER: &str = "SELECT seq, collection, id, properties, created_at_ms, updated_at_ms FROM recipients
    WHERE environment_id = ? AND collection = ? AND seq < ? ORDER BY seq DESC LIMIT ?";
const NEWER: &str = "SELECT seq, collection, id, properties, created_at_ms, updated_at_ms FROM recipients
    WHERE environment_id = ? AND collection = ? AND seq > ? ORDER BY seq LIMIT ?";

/// Returns one recipient.
pub(crate) async fn one(
    readers: &SqlitePool,
    environment: i64,
    collection: &str,
    id: &str,
) -> Result<Option<RecipientRecord>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT seq, collection, id, properties, created_at_ms, updated_at_ms FROM recipients
         WHERE environment_id = ? AND collection = ? AND id = ?",
    )
    .bind(environment)
    .bind(collection)
    .bind(id)
    .fetch_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<RecipientRecord, sqlx::Error> {
    Ok(RecipientRecord {
        seq: row.try_get(0)?,
        collection: row.try_get(1)?,
        id: row.try_get(2)?,
        properties: row.try_get(3)?,
        created_at_ms: row.try_get(4)?,
        updated_at_ms: row.try_get(5)?,
    })
}
