//! Tokens for the management API. Only their hashes are stored.

use std::collections::HashMap;

use super::change_log;
use crate::{
    backend::Execute,
    clock::now_ms,
    error::{ChangeError, CommitError},
    operations::{CreateManagementToken, DeleteManagementToken, RecordCredentialUse},
    records::{Credential, ManagementTokenRecord, NewManagementToken},
    sql,
    sqlite::{error::SqliteError, statements::transaction, write_connection::WriteConnection},
};

/// Returns all tokens, in the order of their creation.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<ManagementTokenRecord>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let mut environments: HashMap<i64, Vec<i64>> = HashMap::new();
    let sql = "SELECT token_id, environment_id FROM management_token_environments ORDER BY token_id, environment_id";
    let rows = sql::query(sql).fetch_all(&mut snapshot).await?;
    for row in rows {
        environments.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    let rows = sql::query(
        "SELECT id, name, hash, hint, scopes, all_environments, expires_at_ms, last_used_at_ms, created_at_ms
         FROM management_tokens ORDER BY id",
    )
    .fetch_all(&mut snapshot)
    .await?;
    rows.iter().map(|row| read(row, &mut environments)).collect()
}

fn read(row: &sql::Row, environments: &mut HashMap<i64, Vec<i64>>) -> Result<ManagementTokenRecord, sqlx::Error> {
    let id = row.try_get(0)?;
    let (hash, scopes): (&[u8], &str) = (row.try_get(2)?, row.try_get(4)?);
    let own = environments.remove(&id).unwrap_or_default();
    Ok(ManagementTokenRecord {
        id,
        name: row.try_get(1)?,
        hash: hash.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?,
        hint: row.try_get(3)?,
        scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        // Only the flag makes a token good everywhere; an empty list of environments never does.
        environment_ids: (row.try_get::<i64>(5)? == 0).then_some(own),
        expires_at_ms: row.try_get(6)?,
        last_used_at_ms: row.try_get(7)?,
        created_at_ms: row.try_get(8)?,
    })
}

impl Execute<CreateManagementToken> for WriteConnection {
    async fn execute(
        &mut self,
        CreateManagementToken { new, log }: CreateManagementToken,
    ) -> Result<ManagementTokenRecord, ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let token = insert(connection, new).await?;
            change_log::record(connection, &log.with_id(token.id)).await?;
            Ok(token)
        })
        .await?)
    }
}

async fn insert(
    connection: &mut sql::Connection<'_>,
    new: NewManagementToken,
) -> Result<ManagementTokenRecord, sqlx::Error> {
    let created_at_ms = now_ms();
    let id = sql::query_scalar(
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
        sql::query("INSERT INTO management_token_environments (token_id, environment_id) VALUES (?, ?)")
            .bind(id)
            .bind(environment_id)
            .execute(&mut *connection)
            .await?;
    }
    let NewManagementToken { name, hash, hint, scopes, environment_ids, expires_at_ms } = new;
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

impl Execute<DeleteManagementToken> for WriteConnection {
    async fn execute(&mut self, DeleteManagementToken { id, log }: DeleteManagementToken) -> Result<(), ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            remove(connection, id).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

async fn remove(connection: &mut sql::Connection<'_>, id: i64) -> Result<(), SqliteError> {
    sql::query("DELETE FROM management_token_environments WHERE token_id = ?")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    let deleted = sql::query("DELETE FROM management_tokens WHERE id = ?").bind(id).execute(connection).await?;
    if deleted.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "management token" }.into());
    }
    Ok(())
}

impl Execute<RecordCredentialUse> for WriteConnection {
    async fn execute(&mut self, RecordCredentialUse { used }: RecordCredentialUse) -> Result<(), CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| Ok(write_used(connection, &used).await?))
            .await?)
    }
}

async fn write_used(connection: &mut sql::Connection<'_>, used: &[(Credential, i64)]) -> Result<(), sqlx::Error> {
    for (credential, at_ms) in used {
        let (sql, id) = match credential {
            Credential::ManagementToken(id) => {
                ("UPDATE management_tokens SET last_used_at_ms = max(coalesce(last_used_at_ms, 0), ?) WHERE id = ?", id)
            }
            Credential::ApiKey(id) => {
                ("UPDATE api_keys SET last_used_at_ms = max(coalesce(last_used_at_ms, 0), ?) WHERE id = ?", id)
            }
        };
        sql::query(sql).bind(at_ms).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}
