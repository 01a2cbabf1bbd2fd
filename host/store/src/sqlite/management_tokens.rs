//! Tokens for the management API: hashes only.

use std::collections::HashMap;

use sqlx::{Acquire, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{changes, transaction};
use crate::{
    administration::{Credential, ManagementTokenRecord, NewManagementToken},
    change_log::NewChange,
    error::{ChangeError, CommitError},
    store::now_ms,
};

/// All of them, in the order of their creation.
pub(crate) async fn all(readers: &SqlitePool) -> Result<Vec<ManagementTokenRecord>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let mut environments: HashMap<i64, Vec<i64>> = HashMap::new();
    let rows = sqlx::query("SELECT token_id, environment_id FROM management_token_environments")
        .fetch_all(&mut *snapshot)
        .await?;
    for row in rows {
        environments.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    let rows = sqlx::query(
        "SELECT id, name, hash, hint, scopes, all_environments, expires_at_ms, last_used_at_ms, created_at_ms
         FROM management_tokens ORDER BY id",
    )
    .fetch_all(&mut *snapshot)
    .await?;
    rows.iter().map(|row| read(row, &mut environments)).collect()
}

fn read(row: &SqliteRow, environments: &mut HashMap<i64, Vec<i64>>) -> Result<ManagementTokenRecord, sqlx::Error> {
    let id = row.try_get(0)?;
    let (hash, scopes): (&[u8], &str) = (row.try_get(2)?, row.try_get(4)?);
    let own = environments.remove(&id).unwrap_or_default();
    Ok(ManagementTokenRecord {
        id,
        name: row.try_get(1)?,
        hash: hash.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?,
        hint: row.try_get(3)?,
        scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        // Never everywhere by accident: only the flag says so.
        environment_ids: (row.try_get::<i64, _>(5)? == 0).then_some(own),
        expires_at_ms: row.try_get(6)?,
        last_used_at_ms: row.try_get(7)?,
        created_at_ms: row.try_get(8)?,
    })
}

/// Creates one; its record.
pub(crate) async fn create(
    connection: &mut SqliteConnection,
    new: &NewManagementToken,
    change: &NewChange,
) -> Result<ManagementTokenRecord, ChangeError> {
    transaction::begin(connection).await?;
    let created = insert(connection, new, change).await;
    transaction::finish(connection, created).await
}

async fn insert(
    connection: &mut SqliteConnection,
    new: &NewManagementToken,
    change: &NewChange,
) -> Result<ManagementTokenRecord, ChangeError> {
    let created_at_ms = now_ms();
    let id = sqlx::query_scalar(
        "INSERT INTO management_tokens (name, hash, hint, scopes, all_environments, expires_at_ms, created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(&new.name)
    .bind(new.hash.to_vec())
    .bind(&new.hint)
    .bind(new.scopes.join(" "))
    .bind(i64::from(new.environment_ids.is_none()))
    .bind(new.expires_at_ms)
    .bind(created_at_ms)
    .fetch_one(&mut *connection)
    .await?;
    for environment_id in new.environment_ids.iter().flatten() {
        sqlx::query("INSERT INTO management_token_environments (token_id, environment_id) VALUES (?, ?)")
            .bind(id)
            .bind(environment_id)
            .execute(&mut *connection)
            .await?;
    }
    changes::record(connection, &change.with_id(id)).await?;
    let NewManagementToken { name, hash, hint, scopes, environment_ids, expires_at_ms } = new.clone();
    Ok(ManagementTokenRecord {
        id,
        name,
        hash,
        hint,
        scopes,
        environment_ids,
        expires_at_ms,
        last_used_at_ms: None,
        created_at_ms,
    })
}

/// Deletes one.
pub(crate) async fn delete(connection: &mut SqliteConnection, id: i64, change: &NewChange) -> Result<(), ChangeError> {
    transaction::begin(connection).await?;
    let deleted = remove(connection, id, change).await;
    transaction::finish(connection, deleted).await
}

async fn remove(connection: &mut SqliteConnection, id: i64, change: &NewChange) -> Result<(), ChangeError> {
    sqlx::query("DELETE FROM management_token_environments WHERE token_id = ?")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    let deleted = sqlx::query("DELETE FROM management_tokens WHERE id = ?").bind(id).execute(&mut *connection).await?;
    if deleted.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "management token" });
    }
    Ok(changes::record(connection, change).await?)
}

/// Writes down when credentials were last used, in milliseconds since 1970.
pub(crate) async fn used(connection: &mut SqliteConnection, used: &[(Credential, i64)]) -> Result<(), CommitError> {
    transaction::begin(connection).await?;
    let written = write_used(connection, used).await;
    Ok(transaction::finish(connection, written).await?)
}

async fn write_used(connection: &mut SqliteConnection, used: &[(Credential, i64)]) -> Result<(), sqlx::Error> {
    for (credential, at_ms) in used {
        let (sql, id) = match credential {
            Credential::ManagementToken(id) => {
                ("UPDATE management_tokens SET last_used_at_ms = max(coalesce(last_used_at_ms, 0), ?) WHERE id = ?", id)
            }
            Credential::ApiKey(id) => {
                ("UPDATE api_keys SET last_used_at_ms = max(coalesce(last_used_at_ms, 0), ?) WHERE id = ?", id)
            }
        };
        sqlx::query(sql).bind(at_ms).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}
