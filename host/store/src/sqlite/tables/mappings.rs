//! Mappings. The list of a source environment is written as a whole.

use std::sync::LazyLock;

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    records::MappingRecord,
    sqlite::statements::{multi_row::MultiRow, uuids},
};

static INSERT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "mappings",
        "source_environment_id, id, event_type, action_type, parameters, active, created_at_ms, \
         updated_at_ms",
        "",
    )
});

/// Returns all mappings with their source environments, oldest first.
pub(crate) async fn all(connection: &mut SqliteConnection) -> Result<Vec<(i64, MappingRecord)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT source_environment_id, id, event_type, action_type, parameters, active, created_at_ms, updated_at_ms
         FROM mappings ORDER BY created_at_ms, id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<(i64, MappingRecord), sqlx::Error> {
    let mapping = MappingRecord {
        id: uuids::read(row, 1)?,
        event_type: row.try_get(2)?,
        action_type: row.try_get(3)?,
        parameters: row.try_get(4)?,
        active: row.try_get::<i64, _>(5)? != 0,
        created_at_ms: row.try_get(6)?,
        updated_at_ms: row.try_get(7)?,
    };
    Ok((row.try_get(0)?, mapping))
}

/// Replaces the list of a source environment.
pub(crate) async fn replace(
    connection: &mut SqliteConnection,
    source_environment: i64,
    mappings: &[MappingRecord],
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mappings WHERE source_environment_id = ?")
        .bind(source_environment)
        .execute(&mut *connection)
        .await?;
    insert(connection, source_environment, mappings).await
}

/// Adds mappings to a source environment.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    source_environment: i64,
    mappings: &[MappingRecord],
) -> Result<(), sqlx::Error> {
    INSERT
        .execute(connection, mappings, |row, mapping| {
            row.int(source_environment)
                .blob(mapping.id.as_bytes())
                .text(&mapping.event_type)
                .text(&mapping.action_type)
                .text(&mapping.parameters)
                .int(i64::from(mapping.active))
                .int(mapping.created_at_ms)
                .int(mapping.updated_at_ms);
        })
        .await
}
