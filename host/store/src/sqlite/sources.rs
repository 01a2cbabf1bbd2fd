//! Sources and their configuration in each environment.

use std::collections::HashMap;

use sqlx::{Acquire, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{changes, mappings, transaction};
use crate::{
    administration::NewEnvironmentSource,
    change_log::NewChange,
    config::{
        MappingRecord, NewSource, NewSourceEnvironment, SourceEnvironmentRecord, SourceEnvironmentUpdate, SourceRecord,
        SourceUpdate,
    },
    error::ChangeError,
    store::now_ms,
};

/// The whole configuration, as of one moment.
pub(crate) async fn all(readers: &SqlitePool) -> Result<Vec<SourceRecord>, sqlx::Error> {
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
    let mut environments: HashMap<i64, Vec<SourceEnvironmentRecord>> = HashMap::new();
    for (source, mut environment) in source_environments(&mut snapshot).await? {
        environment.mappings = mappings.remove(&environment.id).unwrap_or_default();
        environments.entry(source).or_default().push(environment);
    }
    rows.iter().map(|row| read(row, &mut environments)).collect()
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
) -> Result<Vec<(i64, SourceEnvironmentRecord)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT source_id, id, environment_id, token, settings, signing_secret, scheme, version, updated_at_ms
         FROM source_environments ORDER BY environment_id",
    )
    .fetch_all(connection)
    .await?;
    let read = |row: &SqliteRow| {
        let environment = SourceEnvironmentRecord {
            id: row.try_get(1)?,
            environment_id: row.try_get(2)?,
            token: row.try_get(3)?,
            settings: row.try_get(4)?,
            signing_secret: row.try_get(5)?,
            scheme: row.try_get(6)?,
            version: row.try_get(7)?,
            updated_at_ms: row.try_get(8)?,
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
) -> Result<i64, ChangeError> {
    transaction::begin(connection).await?;
    let created = async {
        let id = insert(connection, new).await?;
        changes::record(connection, change).await?;
        Ok(id)
    };
    let created = created.await;
    transaction::finish(connection, created).await
}

async fn insert(connection: &mut SqliteConnection, new: &NewSource) -> Result<i64, ChangeError> {
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
        let NewSourceEnvironment { environment_id, token, settings, scheme } = environment.clone();
        let source = NewEnvironmentSource { source_id: id, token, settings, scheme };
        insert_into_environment(connection, environment_id, &source, now_ms).await?;
    }
    Ok(id)
}

/// Sets a source up in an environment.
pub(super) async fn insert_into_environment(
    connection: &mut SqliteConnection,
    environment_id: i64,
    source: &NewEnvironmentSource,
    now_ms: i64,
) -> Result<(), ChangeError> {
    sqlx::query(
        "INSERT INTO source_environments
             (source_id, environment_id, token, settings, scheme, version, updated_at_ms)
         VALUES (?, ?, ?, ?, ?, 1, ?)",
    )
    .bind(source.source_id)
    .bind(environment_id)
    .bind(&source.token)
    .bind(&source.settings)
    .bind(&source.scheme)
    .bind(now_ms)
    .execute(connection)
    .await
    .map_err(|error| taken(error, "source environment", "token"))?;
    Ok(())
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
) -> Result<Option<i64>, ChangeError> {
    transaction::begin(connection).await?;
    let updated = async {
        let version = update_source(connection, update).await?;
        changes::record(connection, change).await?;
        Ok(version)
    };
    let updated = updated.await;
    transaction::finish(connection, updated).await
}

async fn update_source(connection: &mut SqliteConnection, update: &SourceUpdate) -> Result<Option<i64>, ChangeError> {
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
            update_source_environment(connection, update.source_id, environment, now_ms).await.map(Some)
        }
    }
}

async fn update_source_environment(
    connection: &mut SqliteConnection,
    source: i64,
    update: &SourceEnvironmentUpdate,
    now_ms: i64,
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
    sqlx::query(
        "UPDATE source_environments
         SET settings = ?, signing_secret = ?, scheme = ?, version = version + 1, updated_at_ms = ?
         WHERE id = ?",
    )
    .bind(&update.settings)
    .bind(&update.signing_secret)
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
