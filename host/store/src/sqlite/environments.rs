//! Environments.

use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

use crate::config::Environment;

pub(crate) async fn all(readers: &SqlitePool) -> Result<Vec<Environment>, sqlx::Error> {
    let rows = sqlx::query("SELECT id, slug, name, retention_days, created_at_ms FROM environments ORDER BY id")
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
    })
}
