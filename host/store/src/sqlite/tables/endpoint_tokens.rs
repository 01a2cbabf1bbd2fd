//! The tokens of endpoints, found by their hash. The current one is stored sealed too.

use std::collections::HashMap;

use super::change_log;
use crate::{
    backend::Execute,
    clock::now_ms,
    error::{ChangeError, CommitError},
    operations::{ForgetExpiredSecrets, RotateEndpoint},
    records::{EndpointRotation, PreviousToken},
    sql,
    sqlite::{
        connection::sealing::token_hash,
        error::{SqliteError, taken},
        statements::transaction,
        write_connection::WriteConnection,
    },
    vault::{SecretLocation, Vault, VaultError},
};

/// The tokens of one source environment.
#[derive(Default)]
pub(crate) struct Tokens {
    pub(crate) current: String,
    pub(crate) previous: Vec<PreviousToken>,
}

/// Returns all tokens by source environment; of the replaced ones, the latest to expire first.
pub(crate) async fn all(
    connection: &mut sql::Connection<'_>,
    vault: &dyn Vault,
) -> Result<HashMap<i64, Tokens>, SqliteError> {
    let rows = sql::query(
        "SELECT source_environment_id, hash, sealed, until_ms FROM endpoint_tokens
         ORDER BY until_ms DESC NULLS LAST, hash",
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<i64, Tokens> = HashMap::new();
    for row in &rows {
        let source_environment_id = row.try_get(0)?;
        let stored: &[u8] = row.try_get(1)?;
        let stored: [u8; 32] = stored.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?;
        let tokens = found.entry(source_environment_id).or_default();
        match row.try_get::<Option<i64>>(3)? {
            Some(until_ms) => tokens.previous.push(PreviousToken { hash: stored, until_ms }),
            None => {
                let location = SecretLocation::EndpointToken { source_environment_id };
                tokens.current = vault.open(location, row.try_get(2)?)?;
                if token_hash(&tokens.current) != stored {
                    return Err(VaultError::NotGenuine { location }.into());
                }
            }
        }
    }
    Ok(found)
}

/// Gives a source environment its current token; it must have none.
pub(crate) async fn insert(
    connection: &mut sql::Connection<'_>,
    source_environment_id: i64,
    token: &str,
    vault: &dyn Vault,
) -> Result<(), SqliteError> {
    let sealed = vault.seal(SecretLocation::EndpointToken { source_environment_id }, token)?;
    sql::query("INSERT INTO endpoint_tokens (hash, source_environment_id, sealed) VALUES (?, ?, ?)")
        .bind(token_hash(token).to_vec())
        .bind(source_environment_id)
        .bind(sealed)
        .execute(connection)
        .await
        .map_err(|error| taken(error, "source environment", "token"))?;
    Ok(())
}

impl Execute<RotateEndpoint> for WriteConnection {
    async fn execute(&mut self, RotateEndpoint { rotation, log }: RotateEndpoint) -> Result<i64, ChangeError> {
        let vault = &*self.vault;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let version = replace(connection, &rotation, vault).await?;
            change_log::record(connection, &log).await?;
            Ok(version)
        })
        .await?)
    }
}

/// Replaces the current token of a source environment; returns its new version.
async fn replace(
    connection: &mut sql::Connection<'_>,
    rotation: &EndpointRotation,
    vault: &dyn Vault,
) -> Result<i64, SqliteError> {
    let (id, now_ms) = (rotation.source_environment_id, now_ms());
    let version: Option<i64> = sql::query_scalar(
        "UPDATE source_environments SET version = version + 1, updated_at_ms = ? WHERE id = ? RETURNING version",
    )
    .bind(now_ms)
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    let version = version.ok_or(ChangeError::NotFound { what: "source environment" })?;
    match rotation.previous_until_ms {
        Some(until_ms) => {
            sql::query(
                "UPDATE endpoint_tokens SET sealed = NULL, until_ms = ?
                 WHERE source_environment_id = ? AND until_ms IS NULL",
            )
            .bind(until_ms)
            .bind(id)
            .execute(&mut *connection)
            .await?;
        }
        None => {
            sql::query("DELETE FROM endpoint_tokens WHERE source_environment_id = ?")
                .bind(id)
                .execute(&mut *connection)
                .await?;
        }
    }
    insert(connection, id, &rotation.token, vault).await?;
    Ok(version)
}

impl Execute<ForgetExpiredSecrets> for WriteConnection {
    async fn execute(&mut self, operation: ForgetExpiredSecrets) -> Result<u64, CommitError> {
        Ok(forget_expired(&mut self.connection.plain(), operation.now_ms).await.map_err(SqliteError::from)?)
    }
}

/// Deletes tokens, signing secrets and write keys that are no longer accepted; returns their number.
async fn forget_expired(connection: &mut sql::Connection<'_>, now_ms: i64) -> Result<u64, sqlx::Error> {
    let tokens = sql::query("DELETE FROM endpoint_tokens WHERE until_ms <= ?")
        .bind(now_ms)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    let secrets = sql::query(
        "UPDATE source_environments SET previous_signing_secret = NULL, previous_signing_secret_until_ms = NULL
         WHERE previous_signing_secret_until_ms <= ?",
    )
    .bind(now_ms)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let write_keys = sql::query(
        "UPDATE source_environments SET previous_write_key = NULL, previous_write_key_until_ms = NULL
         WHERE previous_write_key_until_ms <= ?",
    )
    .bind(now_ms)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    Ok(tokens + secrets + write_keys)
}
