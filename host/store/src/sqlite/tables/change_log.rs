//! The change log.

use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::PruneChangeLog,
    records::{Author, BoundedPage, ChangeQuery, ChangeRecord, NewChange, Page, ReadMemory, uuid_time},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{
            bounded::{BoundedList, IndexRange, LOOKED_AT},
            uuids,
        },
        write_connection::WriteConnection,
    },
};

/// Writes an entry. Call it in the transaction of the change itself.
pub(crate) async fn record(connection: &mut sql::Connection<'_>, change: &NewChange) -> Result<(), sqlx::Error> {
    let id = next_id(connection).await?;
    sql::query(
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
async fn next_id(connection: &mut sql::Connection<'_>) -> Result<Uuid, sqlx::Error> {
    let last = sql::query("SELECT id FROM changes ORDER BY id DESC LIMIT 1").fetch_optional(connection).await?;
    let after_last = last.map(|row| uuids::read(&row, 0)).transpose()?.map(|last| Uuid::from_u128(last.as_u128() + 1));
    Ok(after_last.unwrap_or_default().max(Uuid::now_v7()))
}

pub(crate) const ALL: &str = "changes WHERE ?1 IS NOT NULL AND ?2 IS NOT NULL";
pub(crate) const OF_ENVIRONMENT: &str =
    "changes INDEXED BY changes_of_environment WHERE environment_id = ?1 AND ?2 IS NOT NULL";
const NOT_INDEXED: &str =
    "(?6 IS NULL OR resource = ?6) AND (?7 IS NULL OR operation = ?7) AND (?8 IS NULL OR name = ?8)";

/// Returns a page of changes, the newest first; none if there is no memory for it.
pub(crate) async fn page(
    readers: &sql::Pool,
    query: &ChangeQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<BoundedPage<ChangeRecord>>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    // What is looked at for a token of some environments is of these, and so is the number of it.
    let ranges: Vec<IndexRange> = match &query.environment_ids {
        None => vec![IndexRange { from: ALL, keys: [0, 0] }],
        Some(ids) => ids.iter().map(|id| IndexRange { from: OF_ENVIRONMENT, keys: [*id, 0] }).collect(),
    };
    let has_filter = query.resource.is_some() || query.operation.is_some() || query.author.is_some();
    let list = BoundedList {
        ranges: &ranges,
        filter: has_filter.then_some(NOT_INDEXED),
        ids: uuids::Range::of(&query.cursor),
        cursor: &query.cursor,
        limit: query.limit,
        most: LOOKED_AT,
    };
    let bind = |sql: sql::Query<'static>| match has_filter {
        true => sql.bind(query.resource.clone()).bind(query.operation.clone()).bind(query.author.clone()),
        false => sql,
    };
    let found = list.find(&mut snapshot, bind).await?;
    let mut page = found.page.clone();
    let mut sizes = Vec::with_capacity(page.items.len());
    for row in &page.items {
        let sql = "SELECT 512 + coalesce(octet_length(before), 0) + coalesce(octet_length(after), 0) FROM changes
                   WHERE id = ?";
        let size: i64 = sql::query_scalar(sql).bind(row.id.as_bytes().as_slice()).fetch_one(&mut snapshot).await?;
        sizes.push(size.unsigned_abs());
    }
    if !memory.reserve(page.shorten(&sizes, &query.cursor)) {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(page.items.len());
    for row in &page.items {
        let sql = "SELECT id, token_id, name, operation, resource, environment_id, before, after FROM changes
                   WHERE id = ?";
        let found = sql::query(sql).bind(row.id.as_bytes().as_slice()).fetch_one(&mut snapshot).await?;
        items.push(read(&found)?);
    }
    let page = Page { items, has_before: page.has_before, has_after: page.has_after };
    Ok(Some(list.complete(&mut snapshot, &found, page, |change| change.id).await?))
}

fn read(row: &sql::Row) -> Result<ChangeRecord, sqlx::Error> {
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
        let done = sql::query(sql)
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
            record(&mut (&mut connection).into(), &change).await.unwrap();
        }
        let in_order: Vec<String> =
            sqlx::query_scalar("SELECT operation FROM changes ORDER BY id").fetch_all(&mut connection).await.unwrap();
        assert_eq!(in_order, ["first", "second", "third"]);
    }
}
