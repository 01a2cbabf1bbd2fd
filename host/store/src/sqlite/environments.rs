//! Environments.

use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{changes, sources, transaction};
use crate::{
    administration::{EnvironmentSettings, KeepBodies, NewEnvironment},
    change_log::NewChange,
    config::Environment,
    error::ChangeError,
    store::now_ms,
    vault::Vault,
};

pub(crate) async fn all(readers: &SqlitePool) -> Result<Vec<Environment>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, slug, name, retention_days, created_at_ms, body_retention_days, keep_bodies, hide_personal_data
         FROM environments ORDER BY id",
    )
    .fetch_all(readers)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<Environment, sqlx::Error> {
    Ok(Environment {
        id: row.try_get(0)?,
        slug: row.try_get(1)?,
        name: row.try_get(2)?,
        retention_days: row.try_get(3)?,
        created_at_ms: row.try_get(4)?,
        body_retention_days: row.try_get(5)?,
        // What a later version may add keeps more rather than less.
        keep_bodies: KeepBodies::parse(row.try_get(6)?).unwrap_or(KeepBodies::All),
        hide_personal_data: row.try_get::<i64, _>(7)? != 0,
    })
}

/// Creates an environment with every source in it; returns its id.
pub(crate) async fn create(
    connection: &mut SqliteConnection,
    new: &NewEnvironment,
    change: &NewChange,
    vault: &dyn Vault,
) -> Result<i64, ChangeError> {
    transaction::begin(connection).await?;
    let created = insert(connection, new, change, vault).await;
    transaction::finish(connection, created).await
}

async fn insert(
    connection: &mut SqliteConnection,
    new: &NewEnvironment,
    change: &NewChange,
    vault: &dyn Vault,
) -> Result<i64, ChangeError> {
    let (now_ms, settings) = (now_ms(), &new.settings);
    let id = sqlx::query_scalar(
        "INSERT INTO environments
             (slug, name, retention_days, created_at_ms, body_retention_days, keep_bodies, hide_personal_data)
         VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(&new.slug)
    .bind(&settings.name)
    .bind(settings.retention_days)
    .bind(now_ms)
    .bind(settings.body_retention_days)
    .bind(settings.keep_bodies.as_str())
    .bind(i64::from(settings.hide_personal_data))
    .fetch_one(&mut *connection)
    .await
    .map_err(|error| sources::taken(error, "environment", "slug"))?;
    for source in &new.sources {
        sources::insert_into_environment(connection, id, source, now_ms, vault).await?;
    }
    changes::record(connection, &NewChange { environment_id: Some(id), ..change.clone() }).await?;
    Ok(id)
}

/// Changes an environment.
pub(crate) async fn update(
    connection: &mut SqliteConnection,
    id: i64,
    settings: &EnvironmentSettings,
    change: &NewChange,
) -> Result<(), ChangeError> {
    transaction::begin(connection).await?;
    let updated = write(connection, id, settings, change).await;
    transaction::finish(connection, updated).await
}

async fn write(
    connection: &mut SqliteConnection,
    id: i64,
    settings: &EnvironmentSettings,
    change: &NewChange,
) -> Result<(), ChangeError> {
    let updated = sqlx::query(
        "UPDATE environments
         SET name = ?, retention_days = ?, body_retention_days = ?, keep_bodies = ?, hide_personal_data = ?
         WHERE id = ?",
    )
    .bind(&settings.name)
    .bind(settings.retention_days)
    .bind(settings.body_retention_days)
    .bind(settings.keep_bodies.as_str())
    .bind(i64::from(settings.hide_personal_data))
    .bind(id)
    .execute(&mut *connection)
    .await?;
    if updated.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "environment" });
    }
    Ok(changes::record(connection, change).await?)
}
