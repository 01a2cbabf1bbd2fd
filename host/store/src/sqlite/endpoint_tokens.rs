//! The tokens of endpoints: by hash, the current one sealed too.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use sqlx::{Row, SqliteConnection};

use super::{changes, transaction};
use crate::{
    change_log::NewChange,
    config::{EndpointRotation, PreviousToken},
    error::{ChangeError, ReadError},
    store::now_ms,
    vault::{Place, Vault, VaultError},
};

/// The tokens of one source environment.
#[derive(Default)]
pub(super) struct Tokens {
    pub(super) current: String,
    pub(super) previous: Vec<PreviousToken>,
}

/// What a token is found by.
pub(super) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// All tokens, by source environment; of the earlier ones, the latest to end first.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    vault: &dyn Vault,
) -> Result<HashMap<i64, Tokens>, ReadError> {
    let rows = sqlx::query(
        "SELECT source_environment_id, hash, sealed, until_ms FROM endpoint_tokens ORDER BY until_ms DESC, hash",
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<i64, Tokens> = HashMap::new();
    for row in &rows {
        let source_environment_id = row.try_get(0)?;
        let stored: &[u8] = row.try_get(1)?;
        let stored: [u8; 32] = stored.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?;
        let tokens = found.entry(source_environment_id).or_default();
        match row.try_get::<Option<i64>, _>(3)? {
            Some(until_ms) => tokens.previous.push(PreviousToken { hash: stored, until_ms }),
            None => {
                let place = Place::EndpointToken { source_environment_id };
                tokens.current = vault.open(place, row.try_get(2)?)?;
                if hash(&tokens.current) != stored {
                    return Err(VaultError::NotGenuine { place }.into());
                }
            }
        }
    }
    Ok(found)
}

/// Gives a source environment its current token; it must have none.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    source_environment_id: i64,
    token: &str,
    vault: &dyn Vault,
) -> Result<(), ChangeError> {
    let sealed = vault.seal(Place::EndpointToken { source_environment_id }, token)?;
    sqlx::query("INSERT INTO endpoint_tokens (hash, source_environment_id, sealed) VALUES (?, ?, ?)")
        .bind(hash(token).to_vec())
        .bind(source_environment_id)
        .bind(sealed)
        .execute(connection)
        .await
        .map_err(|error| super::sources::taken(error, "source environment", "token"))?;
    Ok(())
}

/// Gives a source environment another token; returns its new version.
pub(crate) async fn rotate(
    connection: &mut SqliteConnection,
    rotation: &EndpointRotation,
    change: &NewChange,
    vault: &dyn Vault,
) -> Result<i64, ChangeError> {
    transaction::begin(connection).await?;
    let rotated = async {
        let version = replace(connection, rotation, vault).await?;
        changes::record(connection, change).await?;
        Ok(version)
    };
    let rotated = rotated.await;
    transaction::finish(connection, rotated).await
}

async fn replace(
    connection: &mut SqliteConnection,
    rotation: &EndpointRotation,
    vault: &dyn Vault,
) -> Result<i64, ChangeError> {
    let (id, now_ms) = (rotation.source_environment_id, now_ms());
    let version: Option<i64> = sqlx::query_scalar(
        "UPDATE source_environments SET version = version + 1, updated_at_ms = ? WHERE id = ? RETURNING version",
    )
    .bind(now_ms)
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    let version = version.ok_or(ChangeError::NotFound { what: "source environment" })?;
    match rotation.previous_until_ms {
        Some(until_ms) => {
            sqlx::query(
                "UPDATE endpoint_tokens SET sealed = NULL, until_ms = ?
                 WHERE source_environment_id = ? AND until_ms IS NULL",
            )
            .bind(until_ms)
            .bind(id)
            .execute(&mut *connection)
            .await?;
        }
        None => {
            sqlx::query("DELETE FROM endpoint_tokens WHERE source_environment_id = ?")
                .bind(id)
                .execute(&mut *connection)
                .await?;
        }
    }
    insert(connection, id, &rotation.token, vault).await?;
    Ok(version)
}

/// Forgets tokens and signing secrets whose time is over; returns how many.
pub(crate) async fn forget_expired(connection: &mut SqliteConnection, now_ms: i64) -> Result<u64, sqlx::Error> {
    let tokens = sqlx::query("DELETE FROM endpoint_tokens WHERE until_ms <= ?")
        .bind(now_ms)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    let secrets = sqlx::query(
        "UPDATE source_environments SET previous_signing_secret = NULL, previous_signing_secret_until_ms = NULL
         WHERE previous_signing_secret_until_ms <= ?",
    )
    .bind(now_ms)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    Ok(tokens + secrets)
}
