//! Environments.

use inlet_core::rotating_secret::RotatingSecret;

use super::{
    api_logs, change_log,
    source_environments::{self, NewRow},
};
use crate::{
    backend::Execute,
    clock::now_ms,
    error::ChangeError,
    operations::{CreateEnvironment, UpdateEnvironment},
    records::{Environment, EnvironmentSettings, KeepBodies, NewChange, NewEnvironment},
    sql,
    sqlite::{
        error::{SqliteError, taken},
        statements::transaction,
        write_connection::WriteConnection,
    },
    vault::Vault,
};

/// Returns all environments, in the order of their creation.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<Environment>, sqlx::Error> {
    let rows = sql::query(
        "SELECT id, slug, name, retention_days, created_at_ms, body_retention_days, keep_bodies, hide_personal_data
         FROM environments WHERE deleted_at_ms IS NULL ORDER BY id",
    )
    .fetch_all(readers)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &sql::Row) -> Result<Environment, sqlx::Error> {
    Ok(Environment {
        id: row.try_get(0)?,
        slug: row.try_get(1)?,
        name: row.try_get(2)?,
        retention_days: row.try_get(3)?,
        created_at_ms: row.try_get(4)?,
        body_retention_days: row.try_get(5)?,
        // An unknown name, which a later version may add, keeps more rather than less.
        keep_bodies: KeepBodies::parse(row.try_get(6)?).unwrap_or(KeepBodies::All),
        hide_personal_data: row.try_get::<i64>(7)? != 0,
    })
}

impl Execute<CreateEnvironment> for WriteConnection {
    async fn execute(&mut self, CreateEnvironment { new, log }: CreateEnvironment) -> Result<i64, ChangeError> {
        let vault = &*self.vault;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let id = insert(connection, &new, vault).await?;
            change_log::record(connection, &NewChange { environment_id: Some(id), ..log }).await?;
            Ok(id)
        })
        .await?)
    }
}

/// Inserts an environment with every source in it; returns its id.
async fn insert(
    connection: &mut sql::Connection<'_>,
    new: &NewEnvironment,
    vault: &dyn Vault,
) -> Result<i64, SqliteError> {
    let (now_ms, settings) = (now_ms(), &new.settings);
    let id = sql::query_scalar(
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
    .map_err(|error| taken(error, "environment", "slug"))?;
    for source in &new.sources {
        let row = NewRow {
            source_id: source.source_id,
            environment_id: id,
            token: &source.token,
            settings: &source.settings,
            signing_secret: None,
            previous_signing_secret: None,
            write_keys: &RotatingSecret::default(),
            scheme: source.scheme.as_deref(),
            plugin: source.plugin.as_deref(),
            mappings: &[],
        };
        source_environments::insert(connection, &row, now_ms, vault).await?;
    }
    api_logs::insert(connection, id, now_ms).await?;
    Ok(id)
}

impl Execute<UpdateEnvironment> for WriteConnection {
    async fn execute(&mut self, operation: UpdateEnvironment) -> Result<(), ChangeError> {
        let UpdateEnvironment { id, settings, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            update(connection, id, &settings).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

pub(super) async fn update(
    connection: &mut sql::Connection<'_>,
    id: i64,
    settings: &EnvironmentSettings,
) -> Result<(), SqliteError> {
    let updated = sql::query(
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
        return Err(ChangeError::NotFound { what: "environment" }.into());
    }
    Ok(())
}
