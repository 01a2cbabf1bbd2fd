//! The ring of refused requests: 1,000 per source environment, and 64 MiB of their bodies and heads. The oldest give way.

use std::{collections::HashSet, sync::LazyLock};

use bytes::Bytes;
use uuid::Uuid;

use super::change_log;
use crate::{
    backend::Execute,
    error::CommitError,
    operations::DismissRefused,
    records::{Cursor, NewRefused, Page, ReadMemory, RefusedDismissal, RefusedRequest},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{multi_row::MultiRow, runner::StatementRunner, transaction, uuids},
        write_connection::WriteConnection,
    },
};

const MAX_REQUESTS: i64 = 1000;
const MAX_BYTES: i64 = 64 << 20;
/// The characters of the path that a request keeps once its body and head no longer fit.
const MAX_TRIMMED_PATH: i64 = 256;

static INSERT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "refused_requests",
        "source_environment_id, id, received_at_ms, cause, size, digest, method, path, query, headers, \
         credential_hash, body, reason",
        "",
    )
});

/// Keeps these requests, and deletes the oldest where there are too many.
pub(crate) async fn keep(statements: &mut StatementRunner<'_>, refused: &[NewRefused]) -> Result<(), SqliteError> {
    if refused.is_empty() {
        return Ok(());
    }
    statements
        .write(&INSERT, refused, |row, request| {
            row.int(request.source_environment_id)
                .blob(request.id.as_bytes())
                .int(request.received_at_ms)
                .text(&request.cause)
                .int(request.size as i64)
                .blob(&request.digest)
                .text(&request.method)
                .text(&request.path)
                .text(&request.query)
                .text(&request.headers)
                .optional_blob(request.credential_hash.as_ref().map(<[u8; 32]>::as_slice))
                .optional_blob(request.body.as_deref())
                .optional_text(request.reason.as_deref());
        })
        .await?;
    let changed: HashSet<i64> = refused.iter().map(|request| request.source_environment_id).collect();
    for source_environment in changed {
        trim(&mut statements.connection().await?, source_environment).await?;
    }
    Ok(())
}

async fn trim(connection: &mut sql::Connection<'_>, source_environment: i64) -> Result<(), sqlx::Error> {
    sql::query(
        "DELETE FROM refused_requests
         WHERE source_environment_id = ?1 AND id <= (
             SELECT id FROM refused_requests WHERE source_environment_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
         )",
    )
    .bind(source_environment)
    .bind(MAX_REQUESTS)
    .execute(&mut *connection)
    .await?;
    // A request that no longer fits keeps its cause, size and digest.
    sql::query(
        "UPDATE refused_requests SET body = NULL, headers = NULL, query = NULL, path = substr(path, 1, ?3)
         WHERE source_environment_id = ?1 AND (body IS NOT NULL OR headers IS NOT NULL) AND id <= (
             SELECT id FROM (
                 SELECT id, sum(coalesce(octet_length(body), 0) + coalesce(octet_length(headers), 0)
                                + coalesce(octet_length(query), 0) + coalesce(octet_length(path), 0))
                            OVER (ORDER BY id DESC) AS newer
                 FROM refused_requests
                 WHERE source_environment_id = ?1 AND (body IS NOT NULL OR headers IS NOT NULL)
             ) AS kept WHERE newer > ?2 ORDER BY id DESC LIMIT 1
         )",
    )
    .bind(source_environment)
    .bind(MAX_BYTES)
    .bind(MAX_TRIMMED_PATH)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a request from its ring; returns true if it was there.
pub(crate) async fn remove(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    id: Uuid,
) -> Result<bool, sqlx::Error> {
    let removed = sql::query("DELETE FROM refused_requests WHERE source_environment_id = ? AND id = ?")
        .bind(source_environment)
        .bind(id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() == 1)
}

impl Execute<DismissRefused> for WriteConnection {
    async fn execute(&mut self, operation: DismissRefused) -> Result<u64, CommitError> {
        let DismissRefused { source_environment_id, dismissal, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let dismissed = dismiss(connection, source_environment_id, &dismissal).await?;
            if dismissed > 0 {
                change_log::record(connection, &log).await?;
            }
            Ok(dismissed)
        })
        .await?)
    }
}

async fn dismiss(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    dismissal: &RefusedDismissal,
) -> Result<u64, sqlx::Error> {
    match dismissal {
        RefusedDismissal::Requests(ids) => {
            let mut dismissed = 0;
            for id in ids {
                dismissed += u64::from(remove(connection, source_environment, *id).await?);
            }
            Ok(dismissed)
        }
        RefusedDismissal::Cause(cause) => {
            sql::query("DELETE FROM refused_requests WHERE source_environment_id = ? AND cause = ?")
                .bind(source_environment)
                .bind(cause)
                .execute(connection)
                .await
                .map(|done| done.rows_affected())
        }
    }
}

/// The bytes of a request's short columns, about.
const ROW_BYTES: i64 = 512;

/// The bytes of a request's long columns but the body. The database answers octet_length without reading the value.
const SIZE: &str = "coalesce(octet_length(headers), 0) + coalesce(octet_length(path), 0)
                    + coalesce(octet_length(query), 0) + coalesce(octet_length(reason), 0)";

/// The selected columns, with the body or what stands for it.
fn columns(body: &str) -> String {
    format!(
        "id, received_at_ms, cause, size, digest, headers, {body}, method, path, query, credential_hash,
         body IS NOT NULL AND octet_length(body) = size, reason"
    )
}

/// Returns a page, the newest first, without the bodies; none if there is no memory for it.
pub(crate) async fn page(
    readers: &sql::Pool,
    source_environment: i64,
    cursor: Cursor<Uuid>,
    limit: usize,
    memory: Option<&dyn ReadMemory>,
) -> Result<Option<Page<RefusedRequest>>, sqlx::Error> {
    let range = uuids::Range::of(&cursor);
    let order = if matches!(cursor, Cursor::Before(_)) { "ASC" } else { "DESC" };
    let fetch = |selected: &str, limit: usize| {
        let sql = format!(
            "SELECT {selected} FROM refused_requests
             WHERE source_environment_id = ? AND id >= ? AND id < ? ORDER BY id {order} LIMIT ?"
        );
        let query = sql::query(sql).bind(source_environment);
        query.bind(range.from()).bind(range.to()).bind(limit as i64)
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let found = fetch(SIZE, limit + 1).fetch_all(&mut snapshot).await?;
    let found = found.iter().map(read_size).collect::<Result<Vec<u64>, _>>()?;
    let mut page = Page::of_found(found, limit, &cursor);
    let sizes = page.items.clone();
    let bytes = page.shorten(&sizes, &cursor);
    if memory.is_some_and(|memory| !memory.reserve(bytes)) {
        return Ok(None);
    }
    let rows = fetch(&columns("CAST(NULL AS BLOB)"), page.items.len()).fetch_all(&mut snapshot).await?;
    let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if matches!(cursor, Cursor::Before(_)) {
        items.reverse();
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

/// Returns one request, with its body as long as that is kept; none, outermost, if there is no memory for it.
pub(crate) async fn one(
    readers: &sql::Pool,
    source_environment: i64,
    id: Uuid,
    memory: Option<&dyn ReadMemory>,
) -> Result<Option<Option<RefusedRequest>>, sqlx::Error> {
    let fetch = |selected: String| {
        let sql = format!("SELECT {selected} FROM refused_requests WHERE source_environment_id = ? AND id = ?");
        sql::query(sql).bind(source_environment).bind(id.as_bytes().to_vec())
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let size = fetch(format!("{SIZE} + coalesce(octet_length(body), 0)")).fetch_optional(&mut snapshot).await?;
    let Some(size) = size else { return Ok(Some(None)) };
    let bytes = read_size(&size)?;
    if memory.is_some_and(|memory| !memory.reserve(bytes)) {
        return Ok(None);
    }
    let row = fetch(columns("body")).fetch_optional(&mut snapshot).await?;
    row.as_ref().map(read).transpose().map(Some)
}

fn read_size(row: &sql::Row) -> Result<u64, sqlx::Error> {
    Ok((row.try_get::<i64>(0)? + ROW_BYTES).unsigned_abs())
}

fn read(row: &sql::Row) -> Result<RefusedRequest, sqlx::Error> {
    Ok(RefusedRequest {
        id: uuids::read(row, 0)?,
        received_at_ms: row.try_get(1)?,
        cause: row.try_get(2)?,
        size: row.try_get::<i64>(3)?.unsigned_abs(),
        digest: row.try_get(4)?,
        headers: row.try_get(5)?,
        body: row.try_get::<Option<Vec<u8>>>(6)?.map(Bytes::from),
        method: row.try_get(7)?,
        path: row.try_get(8)?,
        query: row.try_get(9)?,
        credential_hash: row.try_get(10)?,
        has_body: row.try_get(11)?,
        reason: row.try_get(12)?,
    })
}
