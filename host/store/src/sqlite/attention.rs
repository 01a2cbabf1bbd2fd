//! Items that were rejected or failed: noted with their logs, counted, tried again when due.

use std::sync::LazyLock;

use inlet_core::{
    log::Outcome,
    settle::{Job, Settlement},
};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{changes, codes, ids, multi_row::MultiRow, script::Script, transaction};
use crate::{
    along::Along,
    attention::{AttentionCount, AttentionRecord, Dismissal, Origin},
    change_log::NewChange,
    error::CommitError,
};

/// Codes are short words; a plugin may write a novel.
const MAX_CODE_CHARS: usize = 64;

static INSERT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "attention",
        "source_environment_id, event_id, open, outcome, code, request_id, item, items, retries, due_at_ms",
        "",
    )
});

/// A row to write.
struct Noted<'a> {
    source_environment: i64,
    event: Uuid,
    outcome: Outcome,
    code: &'a str,
    origin: Origin,
    due_at_ms: Option<i64>,
}

/// Notes what needs attention of settled jobs. Nothing is written for a group in which all is well.
pub(super) async fn note(
    script: &mut Script<'_>,
    jobs: &[Job],
    along: &[Option<Box<Along>>],
    settlements: &[Vec<Settlement>],
) -> Result<(), sqlx::Error> {
    let mut noted = Vec::new();
    for ((job, along), settlements) in jobs.iter().zip(along).zip(settlements) {
        let along = along.as_deref();
        for (index, (item, settlement)) in job.items.iter().zip(settlements).enumerate() {
            if settlement.outcome.is_accepted() {
                continue;
            }
            let new = Origin {
                request_id: along.and_then(|along| Some(along.keep.as_ref()?.id)),
                item: u32::try_from(index).unwrap_or(u32::MAX),
                items: u32::try_from(job.items.len()).unwrap_or(u32::MAX),
            };
            let rerun = along.and_then(|along| along.reruns.get(index));
            // Only what failed in its plugin can end otherwise without anything being changed.
            let is_retried = settlement.outcome == Outcome::Failed && item.plan.is_none();
            noted.push(Noted {
                source_environment: job.source_environment,
                event: item.log.id,
                outcome: settlement.outcome,
                code: cut(item.log.code.as_deref().unwrap_or(inlet_core::log::ACTION_FAILED)),
                origin: rerun.map_or(new, |rerun| rerun.origin),
                due_at_ms: along.and_then(|along| along.retry_at_ms).filter(|_| is_retried),
            });
        }
    }
    if noted.is_empty() {
        return Ok(());
    }
    script
        .rows(&INSERT, &noted, |row, noted| {
            row.int(noted.source_environment)
                .blob(noted.event.as_bytes())
                .int(1)
                .int(codes::of_outcome(noted.outcome))
                .text(noted.code)
                .optional_blob(noted.origin.request_id.as_ref().map(|id| id.as_bytes().as_slice()))
                .int(noted.origin.item.into())
                .int(noted.origin.items.into())
                .int(0)
                .optional_int(noted.due_at_ms);
        })
        .await
}

fn cut(code: &str) -> &str {
    code.char_indices().nth(MAX_CODE_CHARS).map_or(code, |(end, _)| &code[..end])
}

/// What is known of an item that was rejected or failed.
pub(crate) async fn one(
    readers: &SqlitePool,
    source_environment: i64,
    event: Uuid,
) -> Result<Option<AttentionRecord>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT event_id, open, request_id, item, items, retries, due_at_ms FROM attention
         WHERE source_environment_id = ? AND event_id = ?",
    )
    .bind(source_environment)
    .bind(event.as_bytes().as_slice())
    .fetch_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

/// The source environments where something is to be tried again by now.
pub(crate) async fn due_in(readers: &SqlitePool, now_ms: i64) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT source_environment_id FROM attention WHERE due_at_ms IS NOT NULL
         GROUP BY source_environment_id HAVING min(due_at_ms) <= ?",
    )
    .bind(now_ms)
    .fetch_all(readers)
    .await
}

/// What has been due the longest in a source environment.
pub(crate) async fn next_due(
    readers: &SqlitePool,
    source_environment: i64,
    now_ms: i64,
) -> Result<Option<AttentionRecord>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT event_id, open, request_id, item, items, retries, due_at_ms FROM attention
         WHERE source_environment_id = ? AND due_at_ms IS NOT NULL AND due_at_ms <= ? ORDER BY due_at_ms LIMIT 1",
    )
    .bind(source_environment)
    .bind(now_ms)
    .fetch_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<AttentionRecord, sqlx::Error> {
    Ok(AttentionRecord {
        event_id: ids::read(row, 0)?,
        is_open: row.try_get::<i64, _>(1)? != 0,
        origin: Origin { request_id: ids::read_optional(row, 2)?, item: row.try_get(3)?, items: row.try_get(4)? },
        retries: row.try_get(5)?,
        due_at_ms: row.try_get(6)?,
    })
}

/// Writes down that a retry failed too, and when the next is due. Nothing happens when somebody repaired it meanwhile.
pub(crate) async fn retry_failed(
    connection: &mut SqliteConnection,
    source_environment: i64,
    record: AttentionRecord,
    due_at_ms: Option<i64>,
) -> Result<(), CommitError> {
    sqlx::query(
        "UPDATE attention SET retries = retries + 1, due_at_ms = ?
         WHERE source_environment_id = ? AND event_id = ? AND open = 1 AND retries = ?",
    )
    .bind(due_at_ms)
    .bind(source_environment)
    .bind(record.event_id.as_bytes().as_slice())
    .bind(record.retries)
    .execute(connection)
    .await?;
    Ok(())
}

macro_rules! select_counts {
    ($where:literal) => {
        concat!(
            "SELECT source_environment_id, outcome, code, count(*), min(event_id) FROM attention
             WHERE open = 1 AND ",
            $where,
            " GROUP BY source_environment_id, outcome, code
             UNION ALL
             SELECT source_environment_id, NULL, cause, count(*), min(id) FROM refused_requests
             WHERE ",
            $where,
            " GROUP BY source_environment_id, cause"
        )
    };
}

/// How many need attention in a source environment, by outcome and code; refused requests by cause. From indexes alone.
pub(crate) async fn counts(readers: &SqlitePool, source_environment: i64) -> Result<Vec<AttentionCount>, sqlx::Error> {
    let sql = select_counts!("source_environment_id = ?1");
    let rows = sqlx::query(sql).bind(source_environment).fetch_all(readers).await?;
    rows.iter().map(|row| Ok(read_count(row)?.1)).collect()
}

/// The same for every source environment, with its id.
pub(crate) async fn all_counts(readers: &SqlitePool) -> Result<Vec<(i64, AttentionCount)>, sqlx::Error> {
    let rows = sqlx::query(select_counts!("true")).fetch_all(readers).await?;
    rows.iter().map(read_count).collect()
}

fn read_count(row: &SqliteRow) -> Result<(i64, AttentionCount), sqlx::Error> {
    let outcome: Option<i64> = row.try_get(1)?;
    let found = AttentionCount {
        outcome: outcome.map(codes::outcome).transpose()?,
        code: row.try_get(2)?,
        count: row.try_get(3)?,
        oldest_ms: ids::time_of(ids::read(row, 4)?),
    };
    Ok((row.try_get(0)?, found))
}

/// Takes entries off the list of those that need attention; returns how many.
pub(crate) async fn dismiss(
    connection: &mut SqliteConnection,
    source_environment: i64,
    dismissal: &Dismissal,
    change: &NewChange,
) -> Result<u64, CommitError> {
    transaction::begin(connection).await?;
    let dismissed = async {
        let dismissed = close_all(connection, source_environment, dismissal).await?;
        if dismissed > 0 {
            changes::record(connection, change).await?;
        }
        Ok::<_, sqlx::Error>(dismissed)
    };
    let dismissed = dismissed.await;
    Ok(transaction::finish(connection, dismissed).await?)
}

async fn close_all(
    connection: &mut SqliteConnection,
    source_environment: i64,
    dismissal: &Dismissal,
) -> Result<u64, sqlx::Error> {
    match dismissal {
        Dismissal::Events(events) => dismiss_events(connection, source_environment, events).await,
        Dismissal::Cause { outcome, code } => sqlx::query(
            "UPDATE attention SET open = 0, due_at_ms = NULL
             WHERE source_environment_id = ?1 AND open = 1 AND (?2 IS NULL OR outcome = ?2) AND (?3 IS NULL OR code = ?3)",
        )
        .bind(source_environment)
        .bind(outcome.map(codes::of_outcome))
        .bind(code)
        .execute(&mut *connection)
        .await
        .map(|done| done.rows_affected()),
    }
}

async fn dismiss_events(
    connection: &mut SqliteConnection,
    source_environment: i64,
    events: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let mut dismissed = 0;
    for event in events {
        dismissed += close(connection, source_environment, *event).await?;
    }
    Ok(dismissed)
}

/// Takes an entry off the list, if it is on it; returns how many it took.
pub(super) async fn close(
    connection: &mut SqliteConnection,
    source_environment: i64,
    event: Uuid,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE attention SET open = 0, due_at_ms = NULL
         WHERE source_environment_id = ? AND event_id = ? AND open = 1",
    )
    .bind(source_environment)
    .bind(event.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
