//! Source environments: a source's settings and secrets in one environment.

use inlet_core::rotating_secret::RotatingSecret;

use super::{endpoint_tokens, mappings, plugin_versions};
use crate::{
    error::ChangeError,
    records::{MappingRecord, PreviousSecret, SourceEnvironmentRecord, SourceEnvironmentUpdate},
    sql,
    sqlite::error::SqliteError,
    vault::{SecretLocation, Vault, VaultError},
};

/// Returns all source environments with the ids of their sources, without tokens and mappings.
pub(crate) async fn all(
    connection: &mut sql::Connection<'_>,
    vault: &dyn Vault,
) -> Result<Vec<(i64, SourceEnvironmentRecord)>, SqliteError> {
    let rows = sql::query(
        "SELECT source_id, id, environment_id, settings, signing_secret, previous_signing_secret,
             previous_signing_secret_until_ms, scheme, version, updated_at_ms, plugin, previous_plugin, previous_scheme,
             write_key, previous_write_key, previous_write_key_until_ms
         FROM source_environments
         WHERE environment_id IN (SELECT id FROM environments WHERE deleted_at_ms IS NULL)
         ORDER BY environment_id",
    )
    .fetch_all(connection)
    .await?;
    let read = |row: &sql::Row| {
        let source_environment_id = row.try_get(1)?;
        let open = |location, sealed: Option<&[u8]>| sealed.map(|sealed| vault.open(location, sealed)).transpose();
        let until_ms = row.try_get::<Option<i64>>(6)?.unwrap_or_default();
        let previous =
            open(SecretLocation::PreviousSigningSecret { source_environment_id, until_ms }, row.try_get(5)?)?;
        let key_until_ms = row.try_get::<Option<i64>>(15)?.unwrap_or_default();
        let previous_key =
            open(SecretLocation::PreviousWriteKey { source_environment_id, until_ms: key_until_ms }, row.try_get(14)?)?;
        let environment = SourceEnvironmentRecord {
            id: source_environment_id,
            environment_id: row.try_get(2)?,
            token: String::new(),
            previous_tokens: Vec::new(),
            settings: row.try_get(3)?,
            signing_secret: open(SecretLocation::SigningSecret { source_environment_id }, row.try_get(4)?)?,
            previous_signing_secret: previous.map(|secret| PreviousSecret { secret, until_ms }),
            write_keys: RotatingSecret {
                current: open(SecretLocation::WriteKey { source_environment_id }, row.try_get(13)?)?,
                previous: previous_key.map(|secret| PreviousSecret { secret, until_ms: key_until_ms }),
            },
            scheme: row.try_get(7)?,
            version: row.try_get(8)?,
            updated_at_ms: row.try_get(9)?,
            plugin: row.try_get(10)?,
            previous_plugin: plugin_versions::previous(row.try_get(11)?, row.try_get(12)?),
            mappings: Vec::new(),
        };
        Ok((row.try_get(0)?, environment))
    };
    rows.iter().map(read).collect()
}

/// A source environment to insert, with its token, secrets and mappings.
pub(crate) struct NewRow<'a> {
    pub(crate) source_id: i64,
    pub(crate) environment_id: i64,
    pub(crate) token: &'a str,
    pub(crate) settings: &'a str,
    pub(crate) signing_secret: Option<&'a str>,
    pub(crate) previous_signing_secret: Option<&'a PreviousSecret>,
    pub(crate) write_keys: &'a RotatingSecret,
    pub(crate) scheme: Option<&'a str>,
    pub(crate) plugin: Option<&'a str>,
    pub(crate) mappings: &'a [MappingRecord],
}

/// Inserts a source environment, with version 1.
pub(crate) async fn insert(
    connection: &mut sql::Connection<'_>,
    new: &NewRow<'_>,
    now_ms: i64,
    vault: &dyn Vault,
) -> Result<(), SqliteError> {
    let id = sql::query_scalar(
        "INSERT INTO source_environments (source_id, environment_id, settings, scheme, plugin, version, updated_at_ms)
         VALUES (?, ?, ?, ?, ?, 1, ?) RETURNING id",
    )
    .bind(new.source_id)
    .bind(new.environment_id)
    .bind(new.settings)
    .bind(new.scheme)
    .bind(new.plugin)
    .bind(now_ms)
    .fetch_one(&mut *connection)
    .await?;
    // Secrets are bound to the id, which is known only now.
    let secrets = seal(vault, id, new.signing_secret, new.previous_signing_secret)?;
    let write_keys = seal_write_keys(vault, id, new.write_keys)?;
    let sealed = [&secrets.current, &secrets.previous, &write_keys.current, &write_keys.previous];
    if sealed.iter().any(|secret| secret.is_some()) {
        sql::query(
            "UPDATE source_environments
             SET signing_secret = ?, previous_signing_secret = ?, previous_signing_secret_until_ms = ?,
                 write_key = ?, previous_write_key = ?, previous_write_key_until_ms = ?
             WHERE id = ?",
        )
        .bind(secrets.current)
        .bind(secrets.previous)
        .bind(secrets.previous_until_ms)
        .bind(write_keys.current)
        .bind(write_keys.previous)
        .bind(write_keys.previous_until_ms)
        .bind(id)
        .execute(&mut *connection)
        .await?;
    }
    mappings::insert(connection, id, new.mappings).await?;
    endpoint_tokens::insert(connection, id, new.token, vault).await
}

/// The signing secret or the write key of a source environment, in its stored form.
struct SealedSecrets {
    current: Option<Vec<u8>>,
    previous: Option<Vec<u8>>,
    previous_until_ms: Option<i64>,
}

fn seal(
    vault: &dyn Vault,
    source_environment_id: i64,
    current: Option<&str>,
    previous: Option<&PreviousSecret>,
) -> Result<SealedSecrets, VaultError> {
    let current = current.map(|secret| vault.seal(SecretLocation::SigningSecret { source_environment_id }, secret));
    let previous_until_ms = previous.map(|previous| previous.until_ms);
    let previous = previous.map(|PreviousSecret { secret, until_ms }| {
        vault.seal(SecretLocation::PreviousSigningSecret { source_environment_id, until_ms: *until_ms }, secret)
    });
    Ok(SealedSecrets { current: current.transpose()?, previous: previous.transpose()?, previous_until_ms })
}

fn seal_write_keys(
    vault: &dyn Vault,
    source_environment_id: i64,
    keys: &RotatingSecret,
) -> Result<SealedSecrets, VaultError> {
    let current = keys.current.as_ref();
    let current = current.map(|key| vault.seal(SecretLocation::WriteKey { source_environment_id }, key));
    let previous_until_ms = keys.previous.as_ref().map(|previous| previous.until_ms);
    let previous = keys.previous.as_ref().map(|PreviousSecret { secret, until_ms }| {
        vault.seal(SecretLocation::PreviousWriteKey { source_environment_id, until_ms: *until_ms }, secret)
    });
    Ok(SealedSecrets { current: current.transpose()?, previous: previous.transpose()?, previous_until_ms })
}

/// Replaces the configuration of a source environment; returns its new version.
pub(crate) async fn update(
    connection: &mut sql::Connection<'_>,
    source: i64,
    update: &SourceEnvironmentUpdate,
    now_ms: i64,
    vault: &dyn Vault,
) -> Result<i64, SqliteError> {
    let found: Option<i64> =
        sql::query_scalar("SELECT version FROM source_environments WHERE id = ? AND source_id = ?")
            .bind(update.id)
            .bind(source)
            .fetch_optional(&mut *connection)
            .await?;
    let found = found.ok_or(ChangeError::NotFound { what: "source environment" })?;
    if found != update.expected_version {
        return Err(ChangeError::Conflict { expected: update.expected_version, found }.into());
    }
    let secrets = seal(vault, update.id, update.signing_secret.as_deref(), update.previous_signing_secret.as_ref())?;
    let write_keys = seal_write_keys(vault, update.id, &update.write_keys)?;
    sql::query(
        "UPDATE source_environments
         SET settings = ?, signing_secret = ?, previous_signing_secret = ?, previous_signing_secret_until_ms = ?,
             write_key = ?, previous_write_key = ?, previous_write_key_until_ms = ?,
             scheme = ?, version = version + 1, updated_at_ms = ?
         WHERE id = ?",
    )
    .bind(&update.settings)
    .bind(secrets.current)
    .bind(secrets.previous)
    .bind(secrets.previous_until_ms)
    .bind(write_keys.current)
    .bind(write_keys.previous)
    .bind(write_keys.previous_until_ms)
    .bind(&update.scheme)
    .bind(now_ms)
    .bind(update.id)
    .execute(&mut *connection)
    .await?;
    if let Some(mappings) = &update.mappings {
        mappings::replace(connection, update.id, mappings).await?;
    }
    Ok(found + 1)
}
