//! Keys to environments: hashes only.

use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{config::ApiKeyRecord, error::ChangeError, store::now_ms};

pub(crate) async fn all(readers: &SqlitePool) -> Result<Vec<ApiKeyRecord>, sqlx::Error> {
    let rows = sqlx::query("SELECT id, environment_id, hash, hint, created_at_ms FROM api_keys ORDER BY id")
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
    })
}

/// One statement, which is its own transaction.
pub(crate) async fn create(
    connection: &mut SqliteConnection,
    environment_id: i64,
    hash: [u8; 32],
    hint: &str,
) -> Result<ApiKeyRecord, ChangeError> {
    let created_at_ms = now_ms();
    let inserted = sqlx::query_scalar(
        "INSERT INTO api_keys (environment_id, hash, hint, created_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
    )
    .bind(environment_id)
    .bind(hash.to_vec())
    .bind(hint)
    .bind(created_at_ms)
    .fetch_one(connection)
    .await;
    match inserted {
        Ok(id) => Ok(ApiKeyRecord { id, environment_id, hash, hint: hint.to_owned(), created_at_ms }),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(ChangeError::Taken { what: "key", field: "hash" })
        }
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
            Err(ChangeError::NotFound { what: "environment" })
        }
        Err(error) => Err(error.into()),
    }
}
