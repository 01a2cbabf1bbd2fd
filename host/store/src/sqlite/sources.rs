//! Sources and their configuration in each environment.

use std::collections::HashMap;

use sqlx::{Acquire, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{changes, endpoint_tokens, mappings, plugin_versions, transaction};
use crate::{
    administration::NewEnvironmentSource,
    change_log::NewChange,
    config::{
        MappingRecord, NewSource, NewSourceEnvironment, PreviousSecret, SourceEnvironmentRecord,
        SourceEnvironmentUpdate, SourceRecord, SourceUpdate,
    },
    error::{ChangeError, ReadError},
    store::now_ms,
    vault::{Place, Vault},
};

/// The whole configuration, as of one moment.
pub(crate) async fn all(readers: &SqlitePool, vault: &dyn Vault) -> Result<Vec<SourceRecord>, ReadError> {
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let rows = sqlx::query(
        "SELECT id, key, name, description, custom_image_url, provider, created_at_ms, updated_at_ms
         FROM sources WHERE deleted_at_ms IS NULL ORDER BY id",
    )
    .fetch_all(&mut *snapshot)
    .await?;
    let mut mappings: HashMap<i64, Vec<MappingRecord>> = HashMap::new();
    for (source_environment, mapping) in mappings::all(&mut snapshot).await? {
        mappings.entry(source_environment).or_default().push(mapping);
    }
    let mut tokens = endpoint_tokens::all(&mut snapshot, vault).await?;
    let mut environments: HashMap<i64, Vec<SourceEnvironmentRecord>> = HashMap::new();
    for (source, mut environment) in source_environments(&mut snapshot, vault).await? {
        environment.mappings = mappings.remove(&environment.id).unwrap_or_default();
        let tokens = tokens.remove(&environment.id).unwrap_or_default();
        (environment.token, environment.previous_tokens) = (tokens.current, tokens.previous);
        environments.entry(source).or_default().push(environment);
    }
    Ok(rows.iter().map(|row| read(row, &mut environments)).collect::<Result<_, sqlx::Error>>()?)
}

fn read(
    row: &SqliteRow,
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

async fn source_environments(
    connection: &mut SqliteConnection,
    vault: &dyn Vault,
) -> Result<Vec<(i64, SourceEnvironmentRecord)>, ReadError> {
    let rows = sqlx::query(
        "SELECT source_id, id, environment_id, settings, signing_secret, previous_signing_secret,
             previous_signing_secret_until_ms, scheme, version, updated_at_ms, plugin, previous_plugin, previous_scheme
         FROM source_environments ORDER BY environment_id",
    )
    .fetch_all(connection)
    .await?;
    let read = |row: &SqliteRow| {
        let source_environment_id = row.try_get(1)?;
        let open = |place, sealed: Option<&[u8]>| sealed.map(|sealed| vault.open(place, sealed)).transpose();
        let until_ms = row.try_get::<Option<i64>, _>(6)?.unwrap_or_default();
        let previous = open(Place::PreviousSigningSecret { source_environment_id, until_ms }, row.try_get(5)?)?;
        let environment = SourceEnvironmentRecord {
            id: source_environment_id,
            environment_id: row.try_get(2)?,
            token: String::new(),
            previous_tokens: Vec::new(),
            settings: row.try_get(3)?,
            signing_secret: open(Place::SigningSecret { source_environment_id }, row.try_get(4)?)?,
            previous_signing_secret: previous.map(|secret| PreviousSecret { secret, until_ms }),
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

/// Creates a source in all its environments; returns its id.
pub(crate) async fn create(
    connection: &mut SqliteConnection,
    new: &NewSource,
    change: &NewChange,
    vault: &dyn Vault,
) -> Result<i64, ChangeError> {
    transaction::begin(connection).await?;
    let created = async {
        let id = insert(connection, new, vault).await?;
        changes::record(connection, change).await?;
        Ok(id)
    };
    let created = created.await;
    transaction::finish(connection, created).await
}

async fn insert(connection: &mut SqliteConnection, new: &NewSource, vault: &dyn Vault) -> Result<i64, ChangeError> {
    let now_ms = now_ms();
    let id = sqlx::query_scalar(
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
        let NewSourceEnvironment { environment_id, token, settings, scheme, plugin } = environment.clone();
        let source = NewEnvironmentSource { source_id: id, token, settings, scheme, plugin };
        insert_into_environment(connection, environment_id, &source, now_ms, vault).await?;
    }
    Ok(id)
}

/// Sets a source up in an environment.
pub(super) async fn insert_into_environment(
    connection: &mut SqliteConnection,
    environment_id: i64,
    source: &NewEnvironmentSource,
    now_ms: i64,
    vault: &dyn Vault,
) -> Result<(), ChangeError> {
    let source_environment_id = sqlx::query_scalar(
        "INSERT INTO source_environments (source_id, environment_id, settings, scheme, plugin, version, updated_at_ms)
         VALUES (?, ?, ?, ?, ?, 1, ?) RETURNING id",
    )
    .bind(source.source_id)
    .bind(environment_id)
    .bind(&source.settings)
    .bind(&source.scheme)
    .bind(&source.plugin)
    .bind(now_ms)
    .fetch_one(&mut *connection)
    .await?;
    endpoint_tokens::insert(connection, source_environment_id, &source.token, vault).await
}

pub(super) fn taken(error: sqlx::Error, what: &'static str, field: &'static str) -> ChangeError {
    match error {
        sqlx::Error::Database(error) if error.is_unique_violation() => ChangeError::Taken { what, field },
        error => error.into(),
    }
}

/// Changes a source; returns the new version of the source environment, if one was changed.
pub(crate) async fn update(
    connection: &mut SqliteConnection,
    update: &SourceUpdate,
    change: &NewChange,
    vault: &dyn Vault,
) -> Result<Option<i64>, ChangeError> {
    transaction::begin(connection).await?;
    let updated = async {
        let version = update_source(connection, update, vault).await?;
        changes::record(connection, change).await?;
        Ok(version)
    };
    let updated = updated.await;
    transaction::finish(connection, updated).await
}

async fn update_source(
    connection: &mut SqliteConnection,
    update: &SourceUpdate,
    vault: &dyn Vault,
) -> Result<Option<i64>, ChangeError> {
    let now_ms = now_ms();
    let changed = sqlx::query(
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
        return Err(ChangeError::NotFound { what: "source" });
    }
    match &update.source_environment {
        None => Ok(None),
        Some(environment) => {
            update_source_environment(connection, update.source_id, environment, now_ms, vault).await.map(Some)
        }
    }
}

async fn update_source_environment(
    connection: &mut SqliteConnection,
    source: i64,
    update: &SourceEnvironmentUpdate,
    now_ms: i64,
    vault: &dyn Vault,
) -> Result<i64, ChangeError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT version FROM source_environments WHERE id = ? AND source_id = ?")
            .bind(update.id)
            .bind(source)
            .fetch_optional(&mut *connection)
            .await?;
    let found = found.ok_or(ChangeError::NotFound { what: "source environment" })?;
    if found != update.expected_version {
        return Err(ChangeError::Conflict { expected: update.expected_version, found });
    }
    let source_environment_id = update.id;
    let seal = |place, secret: &String| vault.seal(place, secret);
    let secret = update.signing_secret.as_ref();
    let secret = secret.map(|secret| seal(Place::SigningSecret { source_environment_id }, secret)).transpose()?;
    let previous = update.previous_signing_secret.as_ref();
    let until_ms = previous.map(|previous| previous.until_ms);
    let previous = previous.map(|PreviousSecret { secret, until_ms }| {
        seal(Place::PreviousSigningSecret { source_environment_id, until_ms: *until_ms }, secret)
    });
    sqlx::query(
        "UPDATE source_environments
         SET settings = ?, signing_secret = ?, previous_signing_secret = ?, previous_signing_secret_until_ms = ?,
             scheme = ?, version = version + 1, updated_at_ms = ?
         WHERE id = ?",
    )
    .bind(&update.settings)
    .bind(secret)
    .bind(previous.transpose()?)
    .bind(until_ms)
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
