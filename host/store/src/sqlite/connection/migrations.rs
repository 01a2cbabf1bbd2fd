//! The schema's migrations.

use std::path::Path;

use sqlx::{
    SqliteConnection,
    migrate::{MigrateError, Migrator},
};

use crate::{error::OpenError, sqlite::error::explain};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Brings the schema to the newest version.
pub(crate) async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    // A table that others refer to can only be rebuilt without foreign keys; SQLite's own advice for ALTER TABLE.
    let foreign_keys = |on| sqlx::query(if on { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" });
    foreign_keys(false).execute(&mut *connection).await.map_err(|error| explain(path, &error))?;
    let migrated = MIGRATIONS.run(&mut *connection).await;
    foreign_keys(true).execute(&mut *connection).await.map_err(|error| explain(path, &error))?;
    match migrated {
        Ok(()) => Ok(()),
        // The first of those that this server does not know.
        Err(MigrateError::VersionMissing(unknown)) => Err(newer(path, version(connection).await.unwrap_or(unknown))),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(explain(path, &error)),
        Err(other) => Err(OpenError::Other { path: path.to_owned(), problem: other.to_string() }),
    }
}

/// Refuses a schema that this server does not know whole.
pub(crate) async fn check_known(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let found = version(connection).await.map_err(|error| explain(path, &error))?;
    if found > newest_known() { Err(newer(path, found)) } else { Ok(()) }
}

/// Returns the version of a database's schema and the newest one, unless they are the same.
pub(crate) async fn check_newest(connection: &mut SqliteConnection) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let (found, known) = (version(connection).await?, newest_known());
    Ok((found != known).then_some((found, known)))
}

/// Returns the version of a database's schema.
pub(crate) async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await
}

fn newer(path: &Path, found: i64) -> OpenError {
    OpenError::Newer { path: path.to_owned(), found, known: newest_known() }
}

pub(crate) fn newest_known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}
