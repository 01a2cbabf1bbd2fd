//! Keys to environments: hashes only.

use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{changes, transaction};
use crate::{change_log::NewChange, config::ApiKeyRecord, error::ChangeError, store::now_ms};

pub(crate) async fn all(readers: &SqlitePool) -> Result<Vec<ApiKeyRecord>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT id, environment_id, hash, hint, created_at_ms, last_used_at_ms FROM api_keys ORDER BY id")
            .fetch_all(readers)
            .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<ApiKeyRecord, sqlx::Error> {
    let hash: &[u8] = row.try_get(2)?;
    Ok(ApiKeyRecord {
        id: row.try_get(0)?,
        environment_id: row.try_get(1)?,
        hash: hash.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?,
        hint: row.try_get(3)?,
        created_at_ms: row.try_get(4)?,
        last_used_at_ms: row.try_get(5)?,
    })
}

pub(crate) async fn create(
    connection: &mut SqliteConnection,
    environment_id: i64,
    hash: [u8; 32],
    hint: &str,
    change: &NewChange,
) -> Result<ApiKeyRecord, ChangeError> {
    transaction::begin(connection).await?;
    let created = insert(connection, environment_id, hash, hint, change).await;
    transaction::finish(connection, created).await
}

async fn insert(
    connection: &mut SqliteConnection,
    environment_id: i64,
    hash: [u8; 32],
    hint: &str,
    change: &NewChange,
) -> Result<ApiKeyRecord, ChangeError> {
    let created_at_ms = now_ms();
    let inserted = sqlx::query_scalar(
        "INSERT INTO api_keys (environment_id, hash, hint, created_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
    )
    .bind(environment_id)
    .bind(hash.to_vec())
    .bind(hint)
    .bind(created_at_ms)
    .fetch_one(&mut *connection)
    .await;
    let id = match inserted {
        Ok(id) => id,
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Err(ChangeError::Taken { what: "key", field: "hash" });
        }
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
            return Err(ChangeError::NotFound { what: "environment" });
        }
        Err(error) => return Err(error.into()),
    };
    changes::record(connection, &change.with_id(id)).await?;
    Ok(ApiKeyRecord { id, environment_id, hash, hint: hint.to_owned(), created_at_ms, last_used_at_ms: None })
}

/// Deletes a key of an environment.
pub(crate) async fn delete(
    connection: &mut SqliteConnection,
    environment_id: i64,
    id: i64,
    change: &NewChange,
) -> Result<(), ChangeError> {
    transaction::begin(connection).await?;
    let deleted = remove(connection, environment_id, id, change).await;
    transaction::finish(connection, deleted).await
}

async fn remove(
    connection: &mut SqliteConnection,
    environment_id: i64,
    id: i64,
    change: &NewChange,
) -> Result<(), ChangeError> {
    let deleted = sqlx::query("DELETE FROM api_keys WHERE id = ? AND environment_id = ?")
        .bind(id)
        .bind(environment_id)
        .execute(&mut *connection)
        .await?;
    if deleted.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "key" });
    }
    Ok(changes::record(connection, change).await?)
}
