//! The change log.

use sqlx::{Acquire as _, QueryBuilder, Row, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::PruneChangeLog,
    records::{Author, ChangeQuery, ChangeRecord, Cursor, NewChange, Page, ReadMemory, uuid_time},
    sqlite::{error::SqliteError, statements::uuids, write_connection::WriteConnection},
};

/// Writes an entry. Call it in the transaction of the change itself.
pub(crate) async fn record(connection: &mut SqliteConnection, change: &NewChange) -> Result<(), sqlx::Error> {
    let id = next_id(connection).await?;
    sqlx::query(
        "INSERT INTO changes (id, token_id, name, operation, resource, environment_id, before, after)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.as_bytes().as_slice())
    .bind(change.author.token_id)
    .bind(&change.author.name)
    .bind(change.operation)
    .bind(&change.resource)
    .bind(change.environment_id)
    .bind(&change.before)
    .bind(&change.after)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Returns an id that is greater than all before it, even if the system's clock went back.
async fn next_id(connection: &mut SqliteConnection) -> Result<Uuid, sqlx::Error> {
    let last = sqlx::query("SELECT id FROM changes ORDER BY id DESC LIMIT 1").fetch_optional(connection).await?;
    let after_last = last.map(|row| uuids::read(&row, 0)).transpose()?.map(|last| Uuid::from_u128(last.as_u128() + 1));
    Ok(after_last.unwrap_or_default().max(Uuid::now_v7()))
}

/// Returns a page of changes, the newest first; none if there is no memory for it.
pub(crate) async fn page(
    readers: &SqlitePool,
    query: &ChangeQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<ChangeRecord>>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let sizes = "SELECT 512 + coalesce(octet_length(before), 0) + coalesce(octet_length(after), 0)";
    let found = select(sizes, query, query.limit + 1).build().fetch_all(&mut *snapshot).await?;
    let sizes = found.iter().map(|row| Ok(row.try_get::<i64, _>(0)?.unsigned_abs()));
    let sizes = sizes.collect::<Result<Vec<u64>, sqlx::Error>>()?;
    let mut page = Page::of_found(sizes, query.limit, &query.cursor);
    let sizes = page.items.clone();
    if !memory.reserve(page.shorten(&sizes, &query.cursor)) {
        return Ok(None);
    }
    let columns = "SELECT id, token_id, name, operation, resource, environment_id, before, after";
    let rows = select(columns, query, page.items.len()).build().fetch_all(&mut *snapshot).await?;
    let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if matches!(query.cursor, Cursor::Before(_)) {
        items.reverse();
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

/// Returns the query for the first `limit` changes, the nearest to the cursor first.
fn select(columns: &str, query: &ChangeQuery, limit: usize) -> QueryBuilder<Sqlite> {
    let range = uuids::Range::of(&query.cursor);
    let mut sql = QueryBuilder::new(columns);
    sql.push(" FROM changes WHERE id >= ");
    sql.push_bind(range.from()).push(" AND id < ").push_bind(range.to());
    if let Some(ids) = &query.environment_ids {
        sql.push(" AND environment_id IN (");
        let mut list = sql.separated(", ");
        for id in ids {
            list.push_bind(id);
        }
        sql.push(")");
    }
    let wanted = [("resource", &query.resource), ("operation", &query.operation), ("name", &query.author)];
    for (column, value) in wanted {
        if let Some(value) = value {
            sql.push(" AND ").push(column).push(" = ").push_bind(value);
        }
    }
    let newer = matches!(query.cursor, Cursor::Before(_));
    sql.push(if newer { " ORDER BY id LIMIT " } else { " ORDER BY id DESC LIMIT " });
    sql.push_bind(limit as i64);
    sql
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

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions as _;

    use super::*;
    use crate::sqlite::connection::{migrations, pragmas};

    #[tokio::test]
    async fn entries_stay_in_order_when_the_clock_went_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("inlet.db");
        let mut connection = pragmas::for_writing(&path).connect().await.unwrap();
        migrations::migrate(&path, &mut connection).await.unwrap();
        // An entry of a process whose clock was years ahead.
        let ahead = uuid_time::floor(4_000_000_000_000);
        sqlx::query("INSERT INTO changes (id, name, operation, resource) VALUES (?, 'ahead', 'first', 'x')")
            .bind(ahead.as_bytes().as_slice())
            .execute(&mut connection)
            .await
            .unwrap();
        for operation in ["second", "third"] {
            let author = Author::named(Author::DEMO);
            let resource = "x".to_owned();
            let change = NewChange { author, operation, resource, environment_id: None, before: None, after: None };
            record(&mut connection, &change).await.unwrap();
        }
        let in_order: Vec<String> =
            sqlx::query_scalar("SELECT operation FROM changes ORDER BY id").fetch_all(&mut connection).await.unwrap();
        assert_eq!(in_order, ["first", "second", "third"]);
    }
}
