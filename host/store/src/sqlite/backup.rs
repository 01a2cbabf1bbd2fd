//! Consistent copies of the database, and what is in one.

use std::path::Path;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::{
    connection::{
        migrations, pragmas,
        sealing::{self, KeyCheck},
    },
    statements::uuids,
};
use crate::{
    error::RestoreError,
    records::{BackupContents, uuid_time},
    sql,
};

/// Writes a consistent copy of the database into an empty file, on a connection of its own that cannot change the
/// database. Commits go on meanwhile, and the log grows by them, because it is cut only behind the oldest reader.
pub(crate) async fn copy(database: &Path, into: &Path) -> Result<(), sqlx::Error> {
    let into =
        into.to_str().ok_or_else(|| sqlx::Error::Configuration("the data directory's path is no text".into()))?;
    let mut connection = pragmas::for_copying(database).connect().await?;
    let copied = sqlx::query("VACUUM INTO ?").bind(into).execute(&mut connection).await;
    let closed = connection.close().await;
    copied.map(|_| ()).and(closed)
}

/// Checks every page of a backup, and returns what is in it. `shown` is its path in errors.
pub(crate) async fn inspect(path: &Path, shown: &Path) -> Result<BackupContents, RestoreError> {
    let mut connection = pragmas::for_inspecting(path).connect().await.map_err(|error| unusable(shown, &error))?;
    let found = inspect_open(&mut connection, shown).await;
    // Nothing was written, so nothing can be lost.
    _ = connection.close().await;
    found
}

fn unusable(shown: &Path, problem: &impl ToString) -> RestoreError {
    RestoreError::Unusable { path: shown.to_owned(), problem: problem.to_string() }
}

async fn inspect_open(connection: &mut SqliteConnection, shown: &Path) -> Result<BackupContents, RestoreError> {
    let failed = |error: sqlx::Error| unusable(shown, &error);
    let verdict: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *connection).await.map_err(failed)?;
    if verdict != "ok" {
        return Err(unusable(shown, &verdict));
    }
    let has_schema: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')")
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
    if !has_schema {
        return Err(unusable(shown, &"it is a database of another program"));
    }
    let schema_version = migrations::version(connection).await.map_err(failed)?;
    let known = migrations::newest_known();
    if schema_version > known {
        return Err(RestoreError::Newer { path: shown.to_owned(), found: schema_version, known });
    }
    let key_check = match sealing::key_check(&mut sql::Connection::from(&mut *connection)).await.map_err(failed)? {
        KeyCheck::Sealed(check) => check,
        KeyCheck::NothingSealed | KeyCheck::Lost => {
            return Err(unusable(shown, &"the value is missing by which its master key is known"));
        }
    };
    let newest = sql::query("SELECT id FROM event_logs ORDER BY rowid DESC LIMIT 1")
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    let newest = newest.map(|row| uuids::read(&row, 0)).transpose().map_err(failed)?;
    Ok(BackupContents { schema_version, key_check, newest_event_ms: newest.map(uuid_time::time_of) })
}
