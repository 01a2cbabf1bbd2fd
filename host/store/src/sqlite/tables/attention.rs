//! The entries of items that were rejected or failed: reading, counting, retrying and dismissing them.

use std::sync::LazyLock;

use uuid::Uuid;

use super::change_log;
use crate::{
    backend::Execute,
    error::CommitError,
    operations::{Dismiss, RecordFailedRetry},
    records::{AttentionCount, AttentionRecord, Dismissal, Origin, uuid_time},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{
            codes,
            multi_row::MultiRow,
            row::Row,
            runner::{FoundRow, StatementRunner},
            transaction, uuids,
        },
        write_connection::WriteConnection,
    },
};

/// Closes open entries, and returns a row for each. A join, because SQLite reads the whole table for an IN of pairs.
static CLOSE: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (source_environment_id, event_id) AS (VALUES",
        "(?, ?)",
        ") UPDATE attention SET open = 0, due_at_ms = NULL FROM wanted
           WHERE attention.source_environment_id = wanted.source_environment_id
             AND attention.event_id = wanted.event_id AND attention.open = 1
           RETURNING 1",
    )
});

/// Returns the entry of an item; none if it was neither rejected nor failed.
pub(crate) async fn one(
    readers: &sql::Pool,
    source_environment: i64,
    event: Uuid,
) -> Result<Option<AttentionRecord>, sqlx::Error> {
    let row = sql::query(
        "SELECT event_id, open, request_id, item, items, retries, due_at_ms FROM attention
         WHERE source_environment_id = ? AND event_id = ?",
    )
    .bind(source_environment)
    .bind(event.as_bytes().as_slice())
    .fetch_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Returns the source environments that have an item due for a retry.
pub(crate) async fn due_in(readers: &sql::Pool, now_ms: i64) -> Result<Vec<i64>, sqlx::Error> {
    sql::query_scalar(
        "SELECT source_environment_id FROM attention WHERE due_at_ms IS NOT NULL
         GROUP BY source_environment_id HAVING min(due_at_ms) <= ?",
    )
    .bind(now_ms)
    .fetch_all(readers)
    .await
}

/// Returns the item of a source environment that has been due the longest.
pub(crate) async fn next_due(
    readers: &sql::Pool,
    source_environment: i64,
    now_ms: i64,
) -> Result<Option<AttentionRecord>, sqlx::Error> {
    let row = sql::query(
        "SELECT event_id, open, request_id, item, items, retries, due_at_ms FROM attention
         WHERE source_environment_id = ? AND due_at_ms IS NOT NULL AND due_at_ms <= ? ORDER BY due_at_ms LIMIT 1",
    )
    .bind(source_environment)
    .bind(now_ms)
    .fetch_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &sql::Row) -> Result<AttentionRecord, sqlx::Error> {
    Ok(AttentionRecord {
        event_id: uuids::read(row, 0)?,
        is_open: row.try_get::<i64>(1)? != 0,
        origin: Origin { request_id: uuids::read_optional(row, 2)?, item: row.try_get(3)?, items: row.try_get(4)? },
        retries: row.try_get(5)?,
        due_at_ms: row.try_get(6)?,
    })
}

impl Execute<RecordFailedRetry> for WriteConnection {
    async fn execute(&mut self, operation: RecordFailedRetry) -> Result<(), CommitError> {
        let RecordFailedRetry { source_environment_id, record, due_at_ms } = operation;
        sql::query(
            "UPDATE attention SET retries = retries + 1, due_at_ms = ?
             WHERE source_environment_id = ? AND event_id = ? AND open = 1 AND retries = ?",
        )
        .bind(due_at_ms)
        .bind(source_environment_id)
        .bind(record.event_id.as_bytes().as_slice())
        .bind(record.retries)
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(())
    }
}

// PostgreSQL has no min() of bytes before 18; their hexadecimal digits have the same order.
macro_rules! select_counts {
    ($where:literal) => {
        sql::each(
            select_counts!($where, "min(event_id)", "min(id)"),
            select_counts!(
                $where,
                "decode(min(encode(event_id, 'hex') COLLATE \"C\"), 'hex')",
                "decode(min(encode(id, 'hex') COLLATE \"C\"), 'hex')"
            ),
        )
    };
    ($where:literal, $first_event:literal, $first_request:literal) => {
        concat!(
            "SELECT source_environment_id, outcome, code, count(*), ",
            $first_event,
            " FROM attention WHERE open = 1 AND ",
            $where,
            " GROUP BY source_environment_id, outcome, code
             UNION ALL
             SELECT source_environment_id, NULL, cause, count(*), ",
            $first_request,
            " FROM refused_requests
             WHERE id > coalesce((
                 SELECT known_up_to FROM issues
                 WHERE issues.source_environment_id = refused_requests.source_environment_id AND stage = 0 AND code = cause
                 LIMIT 1
             ), x'') AND ",
            $where,
            " GROUP BY source_environment_id, cause"
        )
    };
}

/// Counts the open entries of a source environment by outcome and code, and its refused requests by cause, without those
/// of issues that an operator knows. Reads indexes only.
pub(crate) async fn counts(readers: &sql::Pool, source_environment: i64) -> Result<Vec<AttentionCount>, sqlx::Error> {
    let sql = select_counts!("source_environment_id = ?1");
    let rows = sql::query(sql).bind(source_environment).fetch_all(readers).await?;
    rows.iter().map(|row| Ok(read_count(row)?.1)).collect()
}

/// Counts the open entries of every source environment, with its id.
pub(crate) async fn all_counts(readers: &sql::Pool) -> Result<Vec<(i64, AttentionCount)>, sqlx::Error> {
    let rows = sql::query(select_counts!("true")).fetch_all(readers).await?;
    rows.iter().map(read_count).collect()
}

fn read_count(row: &sql::Row) -> Result<(i64, AttentionCount), sqlx::Error> {
    let outcome: Option<i64> = row.try_get(1)?;
    let found = AttentionCount {
        outcome: outcome.map(codes::outcome).transpose()?,
        code: row.try_get(2)?,
        count: row.try_get(3)?,
        oldest_ms: uuid_time::time_of(uuids::read(row, 4)?),
    };
    Ok((row.try_get(0)?, found))
}

impl Execute<Dismiss> for WriteConnection {
    async fn execute(&mut self, operation: Dismiss) -> Result<u64, CommitError> {
        let Dismiss { source_environment_id, dismissal, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let dismissed = close_all(connection, source_environment_id, &dismissal).await?;
            if dismissed > 0 {
                change_log::record(connection, &log).await?;
            }
            Ok(dismissed)
        })
        .await?)
    }
}

async fn close_all(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    dismissal: &Dismissal,
) -> Result<u64, SqliteError> {
    let (outcome, code) = match dismissal {
        Dismissal::Events(events) => {
            return Ok(close(&mut StatementRunner::Plain(connection.lend()), source_environment, events).await? as u64);
        }
        Dismissal::Cause { outcome, code } => (outcome, code),
    };
    let done = sql::query(
            "UPDATE attention SET open = 0, due_at_ms = NULL
             WHERE source_environment_id = ?1 AND open = 1 AND (?2 IS NULL OR outcome = ?2) AND (?3 IS NULL OR code = ?3)",
        )
        .bind(source_environment)
        .bind(outcome.map(codes::of_outcome))
        .bind(code)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Closes those entries that are open; returns their number.
pub(crate) async fn close(
    statements: &mut StatementRunner<'_>,
    source_environment: i64,
    events: &[Uuid],
) -> Result<usize, SqliteError> {
    let mut closed = 0;
    let bind = |row: &mut Row<'_>, event: &Uuid| _ = row.int(source_environment).optional_uuid(Some(*event));
    let count = |_: usize, _: &FoundRow<'_>| {
        closed += 1;
        Ok(())
    };
    statements.find(&CLOSE, events, bind, count).await?;
    Ok(closed)
}
