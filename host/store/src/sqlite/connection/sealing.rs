//! Sealing all secrets of the database: those that an earlier version kept in clear text, and a change of the key.

use sha2::{Digest as _, Sha256};

use crate::{
    sql,
    sqlite::{
        error::SqliteError,
        statements::transaction,
        tables::{targets, variables},
    },
    vault::{CHECK, SecretLocation, Vault, VaultError},
};

/// The row of `meta` with the value by which the key is recognised.
const KEY_CHECK: &str = "key_check";
/// The row of `meta` that is there while unused pages may hold clear text.
const ERASE_DUE: &str = "erase_due";

/// The state of the secrets before anything is opened.
pub(crate) enum KeyCheck {
    /// Nothing is sealed.
    NothingSealed,
    /// Secrets are sealed with the key that opens this value.
    Sealed(Vec<u8>),
    /// Secrets are sealed, but the value is gone.
    Lost,
}

/// Returns the hash by which an endpoint token is found.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Reads the state of the secrets. Works in any schema.
pub(crate) async fn key_check(connection: &mut sql::Connection<'_>) -> Result<KeyCheck, sqlx::Error> {
    let tables: Vec<String> = sql::query_scalar(sql::each(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'endpoint_tokens') ORDER BY name DESC",
        "SELECT CAST(tablename AS TEXT) FROM pg_tables
         WHERE schemaname = current_schema() AND tablename IN ('meta', 'endpoint_tokens') ORDER BY tablename DESC",
    ))
    .fetch_all(&mut *connection)
    .await?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    if has("meta")
        && let Some(check) = read_meta(connection, KEY_CHECK).await?
    {
        return Ok(KeyCheck::Sealed(check));
    }
    let sealed = has("endpoint_tokens")
        && sql::query_scalar::<bool>("SELECT EXISTS (SELECT 1 FROM endpoint_tokens)").fetch_one(connection).await?;
    Ok(if sealed { KeyCheck::Lost } else { KeyCheck::NothingSealed })
}

async fn read_meta(connection: &mut sql::Connection<'_>, key: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sql::query_scalar("SELECT value FROM meta WHERE key = ?").bind(key).fetch_optional(connection).await
}

async fn write_meta(connection: &mut sql::Connection<'_>, key: &str, value: Vec<u8>) -> Result<(), sqlx::Error> {
    sql::query("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(key)
        .bind(value)
        .execute(connection)
        .await
        .map(|_| ())
}

/// The deleted content that SQLite overwrites.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Overwrite {
    /// The content of pages that stay in use. Costs nothing that can be measured.
    InPages,
    /// The content of freed pages too, which are read and written for it.
    Everything,
}

/// Sets which deleted content SQLite overwrites from here on.
pub(crate) async fn overwrite_deleted(
    connection: &mut sql::Connection<'_>,
    overwrite: Overwrite,
) -> Result<(), sqlx::Error> {
    let pragma = match overwrite {
        Overwrite::InPages => "PRAGMA secure_delete = FAST",
        Overwrite::Everything => "PRAGMA secure_delete = ON",
    };
    sql::query(pragma).execute(connection).await.map(|_| ())
}

/// Completes the migrations: checks the key or stores its check value, and seals secrets in clear text. Call it with
/// [`overwrite_deleted`] on.
pub(crate) async fn complete(connection: &mut sql::Connection<'_>, vault: &dyn Vault) -> Result<(), SqliteError> {
    match read_meta(connection, KEY_CHECK).await? {
        Some(check) => drop(vault.open(SecretLocation::KeyCheck, &check)?),
        None => transaction::run(connection.lend(), async |connection| seal_all(connection, vault).await).await?,
    }
    if read_meta(connection, ERASE_DUE).await?.is_some() {
        erase(connection).await?;
    }
    Ok(())
}

/// Checks the key, or stores its check value in a database that never held secrets in clear text.
pub(crate) async fn seal_first_check(
    connection: &mut sql::Connection<'_>,
    vault: &dyn Vault,
) -> Result<(), SqliteError> {
    match read_meta(connection, KEY_CHECK).await? {
        Some(check) => drop(vault.open(SecretLocation::KeyCheck, &check)?),
        None => write_meta(connection, KEY_CHECK, vault.seal(SecretLocation::KeyCheck, CHECK)?).await?,
    }
    Ok(())
}

/// Seals the secrets that migration 2 set aside, and writes the check value in the same transaction: neither is ever there
/// without the other.
async fn seal_all(connection: &mut sql::Connection<'_>, vault: &dyn Vault) -> Result<(), SqliteError> {
    let clear = sql::query("SELECT source_environment_id, token, signing_secret FROM clear_secrets")
        .fetch_all(&mut *connection)
        .await?;
    for row in &clear {
        let source_environment_id = row.try_get(0)?;
        let token: &str = row.try_get(1)?;
        sql::query("INSERT INTO endpoint_tokens (hash, source_environment_id, sealed) VALUES (?, ?, ?)")
            .bind(token_hash(token).to_vec())
            .bind(source_environment_id)
            .bind(vault.seal(SecretLocation::EndpointToken { source_environment_id }, token)?)
            .execute(&mut *connection)
            .await?;
        if let Some(secret) = row.try_get::<Option<&str>>(2)? {
            let sealed = vault.seal(SecretLocation::SigningSecret { source_environment_id }, secret)?;
            update_secret(connection, source_environment_id, sealed).await?;
        }
    }
    sql::query("DROP TABLE clear_secrets").execute(&mut *connection).await?;
    write_meta(connection, KEY_CHECK, vault.seal(SecretLocation::KeyCheck, CHECK)?).await?;
    if !clear.is_empty() {
        write_meta(connection, ERASE_DUE, vec![1]).await?;
    }
    Ok(())
}

async fn update_secret(
    connection: &mut sql::Connection<'_>,
    source_environment_id: i64,
    sealed: Vec<u8>,
) -> Result<(), sqlx::Error> {
    sql::query("UPDATE source_environments SET signing_secret = ? WHERE id = ?")
        .bind(sealed)
        .bind(source_environment_id)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Rewrites the whole file once and cuts the log. Overwriting deleted content reaches the pages of dropped tables, but not
/// the pages that an earlier version freed, and the log holds earlier pages.
async fn erase(connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
    tracing::info!("secrets were sealed; the database is rewritten once, so that no clear text is left in it");
    // A copy of the whole database may be too large for memory.
    sql::query("PRAGMA temp_store = FILE").execute(&mut *connection).await?;
    let rewritten = sql::query("VACUUM").execute(&mut *connection).await;
    sql::query("PRAGMA temp_store = MEMORY").execute(&mut *connection).await?;
    // Everything is sealed already, so a failure is no reason not to start.
    let is_rewritten = match rewritten {
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(
                %error,
                "the database could not be rewritten; unused pages of it may hold secrets in clear text until the next \
                 start, which tries again; it needs as much free space as the database has"
            );
            false
        }
    };
    if cut_log(connection).await? && is_rewritten {
        sql::query("DELETE FROM meta WHERE key = ?").bind(ERASE_DUE).execute(connection).await?;
    }
    Ok(())
}

/// Copies the log into the database file and empties it; returns false if another program stands in the way.
async fn cut_log(connection: &mut sql::Connection<'_>) -> Result<bool, sqlx::Error> {
    let busy: bool = sql::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    if busy {
        tracing::warn!("another program reads the database, so its log still holds what was overwritten; close it");
    }
    Ok(!busy)
}

/// Opens every secret with one key and seals it with the other, in one transaction; returns their number. Call it with
/// [`overwrite_deleted`] on.
pub(crate) async fn reseal(
    connection: &mut sql::Connection<'_>,
    old: &dyn Vault,
    new: &dyn Vault,
) -> Result<usize, SqliteError> {
    let resealed =
        transaction::run(connection.lend(), async |connection| reseal_all(connection, old, new).await).await?;
    if !connection.is_postgres() {
        cut_log(connection).await?;
    }
    Ok(resealed)
}

async fn reseal_all(
    connection: &mut sql::Connection<'_>,
    old: &dyn Vault,
    new: &dyn Vault,
) -> Result<usize, SqliteError> {
    let again = |location, sealed: &[u8]| new.seal(location, &old.open(location, sealed)?);
    let check = read_meta(connection, KEY_CHECK).await?.unwrap_or_default();
    write_meta(connection, KEY_CHECK, again(SecretLocation::KeyCheck, &check)?).await?;
    let mut secrets = 0;

    let tokens = sql::query("SELECT hash, source_environment_id, sealed FROM endpoint_tokens WHERE until_ms IS NULL")
        .fetch_all(&mut *connection)
        .await?;
    for row in &tokens {
        let location = SecretLocation::EndpointToken { source_environment_id: row.try_get(1)? };
        sql::query("UPDATE endpoint_tokens SET sealed = ? WHERE hash = ?")
            .bind(again(location, row.try_get(2)?)?)
            .bind(row.try_get::<&[u8]>(0)?)
            .execute(&mut *connection)
            .await?;
        secrets += 1;
    }

    let environments = sql::query(
        "SELECT id, signing_secret, previous_signing_secret, previous_signing_secret_until_ms
         FROM source_environments WHERE signing_secret IS NOT NULL OR previous_signing_secret IS NOT NULL",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in &environments {
        let source_environment_id = row.try_get(0)?;
        if let Some(sealed) = row.try_get::<Option<&[u8]>>(1)? {
            let sealed = again(SecretLocation::SigningSecret { source_environment_id }, sealed)?;
            update_secret(connection, source_environment_id, sealed).await?;
            secrets += 1;
        }
        if let Some(sealed) = row.try_get::<Option<&[u8]>>(2)? {
            let until_ms = row.try_get::<Option<i64>>(3)?.unwrap_or_default();
            let location = SecretLocation::PreviousSigningSecret { source_environment_id, until_ms };
            sql::query("UPDATE source_environments SET previous_signing_secret = ? WHERE id = ?")
                .bind(again(location, sealed)?)
                .bind(source_environment_id)
                .execute(&mut *connection)
                .await?;
            secrets += 1;
        }
    }
    secrets += reseal_write_keys(connection, &again).await?;
    secrets += targets::reseal(connection, &again).await?;
    Ok(secrets + variables::reseal(connection, &again).await?)
}

/// Seals every write key again; returns their number.
async fn reseal_write_keys(
    connection: &mut sql::Connection<'_>,
    again: &impl Fn(SecretLocation, &[u8]) -> Result<Vec<u8>, VaultError>,
) -> Result<usize, SqliteError> {
    let rows = sql::query(
        "SELECT id, write_key, previous_write_key, previous_write_key_until_ms
         FROM source_environments WHERE write_key IS NOT NULL OR previous_write_key IS NOT NULL",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut secrets = 0;
    for row in &rows {
        let source_environment_id = row.try_get(0)?;
        let until_ms = row.try_get::<Option<i64>>(3)?.unwrap_or_default();
        let current = row.try_get::<Option<&[u8]>>(1)?;
        let current = current.map(|sealed| again(SecretLocation::WriteKey { source_environment_id }, sealed));
        let previous = row
            .try_get::<Option<&[u8]>>(2)?
            .map(|sealed| again(SecretLocation::PreviousWriteKey { source_environment_id, until_ms }, sealed));
        secrets += usize::from(current.is_some()) + usize::from(previous.is_some());
        sql::query("UPDATE source_environments SET write_key = ?, previous_write_key = ? WHERE id = ?")
            .bind(current.transpose()?)
            .bind(previous.transpose()?)
            .bind(source_environment_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(secrets)
}
