//! Plugin versions that were added to the running server, and the change of a source environment's plugin.

use super::change_log;
use crate::{
    backend::Execute,
    clock::now_ms,
    error::ChangeError,
    operations::{DeletePlugin, InsertPlugin, InsertPluginAgain, UsePlugin},
    records::{LATEST, PluginUse, PluginVersion, PreviousPlugin, PublisherPin},
    sql,
    sqlite::{
        error::{SqliteError, taken},
        statements::transaction,
        write_connection::WriteConnection,
    },
};

/// The value of `previous_plugin` for the bundled plugin.
const BUNDLED: &str = "server";

/// Reads the columns with the plugin that a source environment had before.
pub(crate) fn previous(plugin: Option<String>, scheme: Option<String>) -> Option<PreviousPlugin> {
    Some(PreviousPlugin { plugin: plugin.map(|plugin| (plugin != BUNDLED).then_some(plugin))?, scheme })
}

/// Returns all versions, in the order in which they were added.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<PluginVersion>, sqlx::Error> {
    let rows = sql::query("SELECT key, version, digest, inserted_at_ms FROM plugin_versions ORDER BY id")
        .fetch_all(readers)
        .await?;
    let read = |row: &sql::Row| {
        Ok(PluginVersion {
            key: row.try_get(0)?,
            version: row.try_get(1)?,
            digest: row.try_get(2)?,
            inserted_at_ms: row.try_get(3)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Returns the component with that digest.
pub(crate) async fn wasm(readers: &sql::Pool, digest: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sql::query_scalar("SELECT wasm FROM plugin_versions WHERE digest = ?").bind(digest).fetch_optional(readers).await
}

/// Returns the key that a publisher's plugins are signed with.
pub(crate) async fn publisher_key(readers: &sql::Pool, publisher: &str) -> Result<Option<[u8; 32]>, sqlx::Error> {
    let key: Option<Vec<u8>> = sql::query_scalar("SELECT public_key FROM publisher_keys WHERE publisher = ?")
        .bind(publisher)
        .fetch_optional(readers)
        .await?;
    // The table accepts no other length.
    key.map(|key| key.try_into().map_err(|_| sqlx::Error::Decode("a publisher's key is not 32 bytes".into())))
        .transpose()
}

impl Execute<InsertPlugin> for WriteConnection {
    async fn execute(&mut self, InsertPlugin { new, log }: InsertPlugin) -> Result<(), ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            sql::query(
                "INSERT INTO plugin_versions (key, version, digest, wasm, inserted_at_ms) VALUES (?, ?, ?, ?, ?)",
            )
            .bind(&new.key)
            .bind(&new.version)
            .bind(&new.digest)
            .bind(&new.wasm)
            .bind(now_ms())
            .execute(&mut *connection)
            .await
            .map_err(|error| taken(error, "plugin", "version or digest"))?;
            for (source_environment_id, plugin) in &new.followers {
                note_previous(connection, *source_environment_id, plugin.as_deref()).await?;
            }
            if let Some(pin) = &new.pin {
                write_pin(connection, pin).await?;
            }
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

/// Notes the plugin that a source environment had until now. One that follows [`LATEST`] changes its plugin without an
/// operation of its own, and shall go back to that one.
async fn note_previous(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    plugin: Option<&str>,
) -> Result<(), sqlx::Error> {
    sql::query(
        "UPDATE source_environments SET previous_plugin = ?, previous_scheme = scheme WHERE id = ? AND plugin = ?",
    )
    .bind(plugin.unwrap_or(BUNDLED))
    .bind(source_environment)
    .bind(LATEST)
    .execute(connection)
    .await?;
    Ok(())
}

impl Execute<InsertPluginAgain> for WriteConnection {
    async fn execute(&mut self, InsertPluginAgain { again, log }: InsertPluginAgain) -> Result<(), ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            if let Some(wasm) = &again.wasm {
                let updated = sql::query("UPDATE plugin_versions SET wasm = ? WHERE digest = ?")
                    .bind(wasm)
                    .bind(&again.digest)
                    .execute(&mut *connection)
                    .await?;
                if updated.rows_affected() == 0 {
                    return Err(ChangeError::NotFound { what: "plugin version" }.into());
                }
            }
            if let Some(pin) = &again.pin {
                write_pin(connection, pin).await?;
            }
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

async fn write_pin(connection: &mut sql::Connection<'_>, pin: &PublisherPin) -> Result<(), sqlx::Error> {
    sql::query(
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

impl Execute<DeletePlugin> for WriteConnection {
    async fn execute(&mut self, DeletePlugin { digest, log }: DeletePlugin) -> Result<(), ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            delete_unused(connection, &digest).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

async fn delete_unused(connection: &mut sql::Connection<'_>, digest: &str) -> Result<(), SqliteError> {
    let used: bool = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM source_environments WHERE plugin = ?)")
        .bind(digest)
        .fetch_one(&mut *connection)
        .await?;
    if used {
        return Err(ChangeError::InUse { what: "plugin version" }.into());
    }
    let deleted = sql::query("DELETE FROM plugin_versions WHERE digest = ?").bind(digest).execute(connection).await?;
    if deleted.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "plugin version" }.into());
    }
    Ok(())
}

impl Execute<UsePlugin> for WriteConnection {
    async fn execute(&mut self, UsePlugin { change, log }: UsePlugin) -> Result<i64, ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let version = write_use(connection, &change).await?;
            change_log::record(connection, &log).await?;
            Ok(version)
        })
        .await?)
    }
}

/// Changes the plugin of a source environment; returns its new version.
pub(super) async fn write_use(connection: &mut sql::Connection<'_>, change: &PluginUse) -> Result<i64, SqliteError> {
    let found: Option<i64> = sql::query_scalar("SELECT version FROM source_environments WHERE id = ?")
        .bind(change.source_environment_id)
        .fetch_optional(&mut *connection)
        .await?;
    let found = found.ok_or(ChangeError::NotFound { what: "source environment" })?;
    if found != change.expected_version {
        return Err(ChangeError::Conflict { expected: change.expected_version, found }.into());
    }
    sql::query(
        "UPDATE source_environments
         SET previous_plugin = coalesce(plugin, ?), previous_scheme = scheme, plugin = ?, scheme = ?,
             version = version + 1, updated_at_ms = ?
         WHERE id = ?",
    )
    .bind(BUNDLED)
    .bind(&change.plugin)
    .bind(&change.scheme)
    .bind(now_ms())
    .bind(change.source_environment_id)
    .execute(&mut *connection)
    .await?;
    Ok(found + 1)
}
