//! The change log.

use sqlx::{QueryBuilder, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::PruneChangeLog,
    records::{Author, ChangeQuery, ChangeRecord, Cursor, NewChange, Page, uuid_time},
    sqlite::{error::SqliteError, statements::uuids, write_connection::WriteConnection},
};

/// Writes an entry. Call it in the transaction of the change itself.
pub(crate) async fn record(connection: &mut SqliteConnection, change: &NewChange) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO changes (id, token_id, name, operation, resource, environment_id, before, after)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(Uuid::now_v7().as_bytes().as_slice())
    .bind(change.author.token_id)
    .bind(&change.author.name)
    .bind(change.operation)
    .bind(&change.resource)
    .bind(change.environment_id)
    .bind(&change.before)
    .bind(&change.after)
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns a page of changes, the newest first.
pub(crate) async fn page(readers: &SqlitePool, query: &ChangeQuery) -> Result<Page<ChangeRecord>, sqlx::Error> {
    let range = uuids::Range::of(&query.cursor);
    let mut sql = QueryBuilder::new(
        "SELECT id, token_id, name, operation, resource, environment_id, before, after FROM changes WHERE id >= ",
    );
    sql.push_bind(range.from()).push(" AND id < ").push_bind(range.to());
    if let Some(ids) = &query.environment_ids {
        sql.push(" AND environment_id IN (");
        let mut list = sql.separated(", ");
        for id in ids {
            list.push_bind(id);
        }
        sql.push(")");
    }
    if let Some(resource) = &query.resource {
        sql.push(" AND resource = ").push_bind(resource);
    }
    let newer = matches!(query.cursor, Cursor::Before(_));
    sql.push(if newer { " ORDER BY id LIMIT " } else { " ORDER BY id DESC LIMIT " });
    sql.push_bind(query.limit as i64 + 1);
    let rows = sql.build().fetch_all(readers).await?;
    let found = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of_found(found, query.limit, &query.cursor))
}

fn read(row: &SqliteRow) -> Result<ChangeRecord, sqlx::Error> {
    Ok(ChangeRecord {
        id: uuids::read(row, 0)?,
        author: Author { token_id: row.try_get(1)?, name: row.try_get(2)? },
        operation: row.try_get(3)?,
        resource: row.try_get(4)?,
        environment_id: row.try_get(5)?,
        before: row.try_get(6)?,
        after: row.try_get(7)?,
    })
}

impl Execute<PruneChangeLog> for WriteConnection {
    async fn execute(&mut self, PruneChangeLog { cutoff_ms, limit }: PruneChangeLog) -> Result<u64, CommitError> {
        let sql = "DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE id < ? ORDER BY id LIMIT ?)";
        let done = sqlx::query(sql)
            .bind(uuid_time::floor(cutoff_ms).as_bytes().as_slice())
            .bind(limit)
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(done.rows_affected())
    }
}
