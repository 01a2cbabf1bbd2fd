//! Mappings. The list of a source environment is written as a whole.

use std::sync::LazyLock;

use crate::{
    records::MappingRecord,
    sql,
    sqlite::statements::{multi_row::MultiRow, uuids},
};

static INSERT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "mappings",
        "source_environment_id, id, event_type, action_type, condition, parameters, forms, active, created_at_ms, \
         updated_at_ms",
        "",
    )
});

/// Returns all mappings with their source environments, oldest first.
pub(crate) async fn all(connection: &mut sql::Connection<'_>) -> Result<Vec<(i64, MappingRecord)>, sqlx::Error> {
    let rows = sql::query(
        "SELECT source_environment_id, id, event_type, action_type, condition, parameters, forms, active, created_at_ms,
                updated_at_ms
         FROM mappings ORDER BY created_at_ms, id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &sql::Row) -> Result<(i64, MappingRecord), sqlx::Error> {
    let mapping = MappingRecord {
        id: uuids::read(row, 1)?,
        event_type: row.try_get(2)?,
        action_type: row.try_get(3)?,
        when: row.try_get(4)?,
        parameters: row.try_get(5)?,
        forms: row.try_get::<i64>(6)? != 0,
        active: row.try_get::<i64>(7)? != 0,
        created_at_ms: row.try_get(8)?,
        updated_at_ms: row.try_get(9)?,
    };
    Ok((row.try_get(0)?, mapping))
}

/// Replaces the list of a source environment.
pub(crate) async fn replace(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    mappings: &[MappingRecord],
) -> Result<(), sqlx::Error> {
    sql::query("DELETE FROM mappings WHERE source_environment_id = ?")
        .bind(source_environment)
        .execute(&mut *connection)
        .await?;
    insert(connection, source_environment, mappings).await
}

/// Adds mappings to a source environment.
pub(crate) async fn insert(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    mappings: &[MappingRecord],
) -> Result<(), sqlx::Error> {
    INSERT
        .execute(connection, mappings, |row, mapping| {
            row.int(source_environment)
                .blob(mapping.id.as_bytes())
                .text(&mapping.event_type)
                .text(&mapping.action_type)
                .optional_text(mapping.when.as_deref())
                .text(&mapping.parameters)
                .int(i64::from(mapping.forms))
                .int(i64::from(mapping.active))
                .int(mapping.created_at_ms)
                .int(mapping.updated_at_ms);
        })
        .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use sqlx::{Connection, SqliteConnection};

    use super::*;
    use crate::sqlite::connection::migrations::MIGRATIONS;

    #[tokio::test]
    async fn a_mapping_of_an_earlier_version_has_neither_condition_nor_forms() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut connection).await.unwrap();
        // The columns that earlier versions wrote.
        sqlx::query(
            "INSERT INTO mappings (id, source_environment_id, event_type, action_type, parameters, active, created_at_ms, \
             updated_at_ms) VALUES (zeroblob(16), 7, 'a', 'workflows_trigger', '{\"key\":\"k\"}', 1, 2, 3)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        let earlier = all(&mut (&mut connection).into()).await.unwrap().remove(0);
        assert_eq!((earlier.0, &earlier.1.when, earlier.1.forms), (7, &None, false));
        assert_eq!(earlier.1.parameters, r#"{"key":"k"}"#);
        let when = Some(r#"{"data.n":1.10}"#.to_owned());
        let changed = MappingRecord { when, forms: true, ..earlier.1 };
        replace(&mut (&mut connection).into(), 7, std::slice::from_ref(&changed)).await.unwrap();
        assert_eq!(all(&mut (&mut connection).into()).await.unwrap(), [(7, changed)]);
    }
}
