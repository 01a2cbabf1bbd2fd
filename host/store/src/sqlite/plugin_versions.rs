//! Plugins that were put into the running server, and which of them a source has.

use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{changes, sources, transaction};
use crate::{
    change_log::NewChange,
    error::ChangeError,
    plugin_version::{
        LATEST, NewPluginVersion, PluginUse, PluginVersion, PluginVersionAgain, PreviousPlugin, PublisherPin,
    },
    store::now_ms,
};

/// In `previous_plugin`: what the server comes with.
const OWN: &str = "server";

/// What a source environment had before, as it is kept.
pub(super) fn previous(plugin: Option<String>, scheme: Option<String>) -> Option<PreviousPlugin> {
    Some(PreviousPlugin { plugin: plugin.map(|plugin| (plugin != OWN).then_some(plugin))?, scheme })
}

/// All versions, in the order in which they were added.
pub(crate) async fn all(readers: &SqlitePool) -> Result<Vec<PluginVersion>, sqlx::Error> {
    let rows = sqlx::query("SELECT key, version, digest, inserted_at_ms FROM plugin_versions ORDER BY id")
        .fetch_all(readers)
        .await?;
    let read = |row: &SqliteRow| {
        Ok(PluginVersion {
            key: row.try_get(0)?,
            version: row.try_get(1)?,
            digest: row.try_get(2)?,
            inserted_at_ms: row.try_get(3)?,
        })
    };
    rows.iter().map(read).collect()
}

/// The component of that digest.
pub(crate) async fn wasm(readers: &SqlitePool, digest: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT wasm FROM plugin_versions WHERE digest = ?").bind(digest).fetch_optional(readers).await
}

/// The key that a publisher is known by.
pub(crate) async fn publisher_key(readers: &SqlitePool, publisher: &str) -> Result<Option<[u8; 32]>, sqlx::Error> {
    let key: Option<Vec<u8>> = sqlx::query_scalar("SELECT public_key FROM publisher_keys WHERE publisher = ?")
        .bind(publisher)
        .fetch_optional(readers)
        .await?;
    // The table takes no other length.
    key.map(|key| key.try_into().map_err(|_| sqlx::Error::Decode("a publisher's key is not 32 bytes".into())))
        .transpose()
}

/// Keeps a version.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    new: &NewPluginVersion,
    change: &NewChange,
) -> Result<(), ChangeError> {
    transaction::begin(connection).await?;
    let inserted = async {
        sqlx::query("INSERT INTO plugin_versions (key, version, digest, wasm, inserted_at_ms) VALUES (?, ?, ?, ?, ?)")
            .bind(&new.key)
            .bind(&new.version)
            .bind(&new.digest)
            .bind(&new.wasm)
            .bind(now_ms())
            .execute(&mut *connection)
            .await
            .map_err(|error| sources::taken(error, "plugin", "version or digest"))?;
        for (source_environment_id, plugin) in &new.followers {
            // They change what they have without being told to; who goes back from it goes back to this.
            sqlx::query(
                "UPDATE source_environments SET previous_plugin = ?, previous_scheme = scheme
                 WHERE id = ? AND plugin = ?",
            )
            .bind(plugin.as_deref().unwrap_or(OWN))
            .bind(source_environment_id)
            .bind(LATEST)
            .execute(&mut *connection)
            .await?;
        }
        if let Some(pin) = &new.pin {
            write_pin(connection, pin).await?;
        }
        changes::record(connection, change).await?;
        Ok(())
    };
    let inserted = inserted.await;
    transaction::finish(connection, inserted).await
}

/// Writes what is kept of a version again, or its publisher's key.
pub(crate) async fn insert_again(
    connection: &mut SqliteConnection,
    again: &PluginVersionAgain,
    change: &NewChange,
) -> Result<(), ChangeError> {
    transaction::begin(connection).await?;
    let written = async {
        if let Some(wasm) = &again.wasm {
            let updated = sqlx::query("UPDATE plugin_versions SET wasm = ? WHERE digest = ?")
                .bind(wasm)
                .bind(&again.digest)
                .execute(&mut *connection)
                .await?;
            if updated.rows_affected() == 0 {
                return Err(ChangeError::NotFound { what: "plugin version" });
            }
        }
        if let Some(pin) = &again.pin {
            write_pin(connection, pin).await?;
        }
        changes::record(connection, change).await?;
        Ok(())
    };
    let written = written.await;
    transaction::finish(connection, written).await
}

async fn write_pin(connection: &mut SqliteConnection, pin: &PublisherPin) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO publisher_keys (publisher, public_key, inserted_at_ms) VALUES ($1, $2, $3)
         ON CONFLICT (publisher) DO UPDATE SET public_key = $2, inserted_at_ms = $3",
    )
    .bind(&pin.publisher)
    .bind(pin.public_key.as_slice())
    .bind(now_ms())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a version that no source has.
pub(crate) async fn delete(
    connection: &mut SqliteConnection,
    digest: &str,
    change: &NewChange,
) -> Result<(), ChangeError> {
    transaction::begin(connection).await?;
    let deleted = async {
        let used: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM source_environments WHERE plugin = ?)")
            .bind(digest)
            .fetch_one(&mut *connection)
            .await?;
        if used {
            return Err(ChangeError::InUse { what: "plugin version" });
        }
        let deleted =
            sqlx::query("DELETE FROM plugin_versions WHERE digest = ?").bind(digest).execute(&mut *connection).await?;
        if deleted.rows_affected() == 0 {
            return Err(ChangeError::NotFound { what: "plugin version" });
        }
        changes::record(connection, change).await?;
        Ok(())
    };
    let deleted = deleted.await;
    transaction::finish(connection, deleted).await
}

/// Gives a source environment another plugin; returns its new version.
pub(crate) async fn give(
    connection: &mut SqliteConnection,
    given: &PluginUse,
    change: &NewChange,
) -> Result<i64, ChangeError> {
    transaction::begin(connection).await?;
    let done = async {
        let version = write_use(connection, given).await?;
        changes::record(connection, change).await?;
        Ok(version)
    };
    let done = done.await;
    transaction::finish(connection, done).await
}

async fn write_use(connection: &mut SqliteConnection, given: &PluginUse) -> Result<i64, ChangeError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT version FROM source_environments WHERE id = ?")
        .bind(given.source_environment_id)
        .fetch_optional(&mut *connection)
        .await?;
    let found = found.ok_or(ChangeError::NotFound { what: "source environment" })?;
    if found != given.expected_version {
        return Err(ChangeError::Conflict { expected: given.expected_version, found });
    }
    sqlx::query(
        "UPDATE source_environments
         SET previous_plugin = coalesce(plugin, ?), previous_scheme = scheme, plugin = ?, scheme = ?,
             version = version + 1, updated_at_ms = ?
         WHERE id = ?",
    )
    .bind(OWN)
    .bind(&given.plugin)
    .bind(&given.scheme)
    .bind(now_ms())
    .bind(given.source_environment_id)
    .execute(&mut *connection)
    .await?;
    Ok(found + 1)
}
