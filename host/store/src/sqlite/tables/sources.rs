//! Sources.

use std::collections::HashMap;

use super::{
    change_log, endpoint_tokens, mappings,
    source_environments::{self, NewRow},
};
use crate::{
    backend::Execute,
    clock::now_ms,
    error::ChangeError,
    operations::{CreateSource, UpdateSource},
    records::{API_LOG, MappingRecord, NewSource, SourceEnvironmentRecord, SourceRecord, SourceUpdate},
    sql,
    sqlite::{
        error::{SqliteError, taken},
        statements::transaction,
        write_connection::WriteConnection,
    },
    vault::Vault,
};

/// Returns all sources but [`API_LOG`] with their configuration, as of one moment.
pub(crate) async fn all(readers: &sql::Pool, vault: &dyn Vault) -> Result<Vec<SourceRecord>, SqliteError> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let rows = sql::query(
        "SELECT id, key, name, description, custom_image_url, provider, created_at_ms, updated_at_ms
         FROM sources WHERE deleted_at_ms IS NULL AND key <> ? ORDER BY id",
    )
    .bind(API_LOG)
    .fetch_all(&mut snapshot)
    .await?;
    let mut mappings: HashMap<i64, Vec<MappingRecord>> = HashMap::new();
    for (source_environment, mapping) in mappings::all(&mut snapshot).await? {
        mappings.entry(source_environment).or_default().push(mapping);
    }
    let mut tokens = endpoint_tokens::all(&mut snapshot, vault).await?;
    let mut environments: HashMap<i64, Vec<SourceEnvironmentRecord>> = HashMap::new();
    for (source, mut environment) in source_environments::all(&mut snapshot, vault).await? {
        environment.mappings = mappings.remove(&environment.id).unwrap_or_default();
        let tokens = tokens.remove(&environment.id).unwrap_or_default();
        (environment.token, environment.previous_tokens) = (tokens.current, tokens.previous);
        environments.entry(source).or_default().push(environment);
    }
    Ok(rows.iter().map(|row| read(row, &mut environments)).collect::<Result<_, sqlx::Error>>()?)
}

fn read(
    row: &sql::Row,
    environments: &mut HashMap<i64, Vec<SourceEnvironmentRecord>>,
) -> Result<SourceRecord, sqlx::Error> {
    let id = row.try_get(0)?;
    Ok(SourceRecord {
        id,
        key: row.try_get(1)?,
        name: row.try_get(2)?,
        description: row.try_get(3)?,
        custom_image_url: row.try_get(4)?,
        provider: row.try_get(5)?,
        created_at_ms: row.try_get(6)?,
        updated_at_ms: row.try_get(7)?,
        environments: environments.remove(&id).unwrap_or_default(),
    })
}

impl Execute<CreateSource> for WriteConnection {
    async fn execute(&mut self, CreateSource { new, log }: CreateSource) -> Result<i64, ChangeError> {
        let vault = &*self.vault;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let id = insert(connection, &new, vault).await?;
            change_log::record(connection, &log).await?;
            Ok(id)
        })
        .await?)
    }
}

/// Inserts a source with its configuration in all its environments; returns its id.
pub(super) async fn insert(
    connection: &mut sql::Connection<'_>,
    new: &NewSource,
    vault: &dyn Vault,
) -> Result<i64, SqliteError> {
    let now_ms = now_ms();
    let id = sql::query_scalar(
        "INSERT INTO sources (key, name, description, custom_image_url, provider, created_at_ms, updated_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(&new.key)
    .bind(&new.name)
    .bind(&new.description)
    .bind(&new.custom_image_url)
    .bind(&new.provider)
    .bind(now_ms)
    .bind(now_ms)
    .fetch_one(&mut *connection)
    .await
    .map_err(|error| taken(error, "source", "key"))?;
    for environment in &new.environments {
        let row = NewRow {
            source_id: id,
            environment_id: environment.environment_id,
            token: &environment.token,
            settings: &environment.settings,
            signing_secret: environment.signing_secret.as_deref(),
            previous_signing_secret: environment.previous_signing_secret.as_ref(),
            write_keys: &environment.write_keys,
            scheme: environment.scheme.as_deref(),
            plugin: environment.plugin.as_deref(),
            mappings: &environment.mappings,
        };
        source_environments::insert(connection, &row, now_ms, vault).await?;
    }
    Ok(id)
}

impl Execute<UpdateSource> for WriteConnection {
    async fn execute(&mut self, UpdateSource { update, log }: UpdateSource) -> Result<Option<i64>, ChangeError> {
        let vault = &*self.vault;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let version = update_source(connection, &update, vault).await?;
            change_log::record(connection, &log).await?;
            Ok(version)
        })
        .await?)
    }
}

/// Changes a source; returns the new version of the source environment, if one was changed.
pub(super) async fn update_source(
    connection: &mut sql::Connection<'_>,
    update: &SourceUpdate,
    vault: &dyn Vault,
) -> Result<Option<i64>, SqliteError> {
    let now_ms = now_ms();
    let changed = sql::query(
        "UPDATE sources SET name = ?, description = ?, custom_image_url = ?, updated_at_ms = ?
         WHERE id = ? AND deleted_at_ms IS NULL",
    )
    .bind(&update.name)
    .bind(&update.description)
    .bind(&update.custom_image_url)
    .bind(now_ms)
    .bind(update.source_id)
    .execute(&mut *connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "source" }.into());
    }
    match &update.source_environment {
        None => Ok(None),
        Some(environment) => {
            source_environments::update(connection, update.source_id, environment, now_ms, vault).await.map(Some)
        }
    }
}
