//! Reading workflow runs and their recipients.

use std::sync::LazyLock;

use sqlx::{Acquire, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    records::{Cursor, Page, RunQuery, RunRecord, StoredRecipient},
    sqlite::statements::{multi_row::MultiRow, uuids},
};

macro_rules! select_runs {
    ($order:literal) => {
        concat!(
            "SELECT id, workflow, recipients_count, actor, tenant, data, cancellation_key, source_event
             FROM workflow_runs
             WHERE environment_id = ?1 AND id >= ?2 AND id < ?3
               AND (?4 IS NULL OR workflow = ?4) AND (?5 IS NULL OR source_event = ?5)
             ORDER BY id ",
            $order,
            " LIMIT ?6"
        )
    };
}

static FIRST_RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, run_id, recipients) AS (VALUES",
        "(#, ?, ?)",
        ") SELECT number, ordinal, collection, id, trigger_data
           FROM wanted CROSS JOIN workflow_run_recipients USING (run_id)
           WHERE ordinal < recipients ORDER BY number, ordinal",
    )
});

/// Returns a page of runs, the newest first.
pub(crate) async fn page(readers: &SqlitePool, query: &RunQuery) -> Result<Page<RunRecord>, sqlx::Error> {
    find(readers, query, uuids::Range::of(&query.cursor)).await
}

/// Returns one run.
pub(crate) async fn one(readers: &SqlitePool, environment: i64, id: Uuid) -> Result<Option<RunRecord>, sqlx::Error> {
    let query =
        RunQuery { environment_id: environment, cursor: Cursor::Start, limit: 1, workflow: None, source_event: None };
    let found = find(readers, &query, uuids::Range::of(&Cursor::Start).only(id)).await?;
    Ok(found.items.into_iter().next())
}

async fn find(readers: &SqlitePool, query: &RunQuery, range: uuids::Range) -> Result<Page<RunRecord>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let sql = if matches!(query.cursor, Cursor::Before(_)) { select_runs!("ASC") } else { select_runs!("DESC") };
    let rows = sqlx::query(sql)
        .bind(query.environment_id)
        .bind(range.from())
        .bind(range.to())
        .bind(&query.workflow)
        .bind(query.source_event.map(|id| id.as_bytes().to_vec()))
        .bind(query.limit as i64 + 1)
        .fetch_all(&mut *snapshot)
        .await?;
    let found = rows.iter().map(read).collect::<Result<_, _>>()?;
    let mut page = Page::of_found(found, query.limit, &query.cursor);
    load_recipients(&mut snapshot, &mut page.items).await?;
    Ok(page)
}

async fn load_recipients(connection: &mut SqliteConnection, runs: &mut [RunRecord]) -> Result<(), sqlx::Error> {
    let wanted: Vec<Uuid> = runs.iter().map(|run| run.id).collect();
    let mut rest = runs;
    let first = RunRecord::FIRST_RECIPIENTS as i64;
    let found = |chunk: &[Uuid], rows: Vec<SqliteRow>| {
        let (now, later) = std::mem::take(&mut rest).split_at_mut(chunk.len());
        rest = later;
        for row in rows {
            let number: i64 = row.try_get(0)?;
            now[number as usize].recipients.push(read_recipient(&row, 1)?);
        }
        Ok(())
    };
    FIRST_RECIPIENTS.fetch(connection, &wanted, |row, id| _ = row.blob(id.as_bytes()).int(first), found).await
}

fn read(row: &SqliteRow) -> Result<RunRecord, sqlx::Error> {
    Ok(RunRecord {
        id: uuids::read(row, 0)?,
        workflow: row.try_get(1)?,
        recipients: Vec::new(),
        recipients_count: row.try_get(2)?,
        actor: row.try_get(3)?,
        tenant: row.try_get(4)?,
        data: row.try_get(5)?,
        cancellation_key: row.try_get(6)?,
        source_event: uuids::read(row, 7)?,
    })
}

fn read_recipient(row: &SqliteRow, first: usize) -> Result<StoredRecipient, sqlx::Error> {
    Ok(StoredRecipient {
        ordinal: row.try_get(first)?,
        collection: row.try_get(first + 1)?,
        id: row.try_get(first + 2)?,
        trigger_data: row.try_get(first + 3)?,
    })
}

macro_rules! select_recipients {
    ($condition:literal) => {
        concat!(
            "SELECT ordinal, collection, workflow_run_recipients.id, trigger_data
             FROM workflow_run_recipients JOIN workflow_runs ON workflow_runs.id = run_id
             WHERE environment_id = ? AND run_id = ? AND ordinal ",
            $condition,
            " LIMIT ?"
        )
    };
}

/// Returns the recipients of a run, in the order in which the trigger named them.
pub(crate) async fn recipients(
    readers: &SqlitePool,
    environment: i64,
    run: Uuid,
    cursor: Cursor<i64>,
    limit: usize,
) -> Result<Page<StoredRecipient>, sqlx::Error> {
    let (sql, bound) = match cursor {
        Cursor::Start => (select_recipients!("> ? ORDER BY ordinal"), -1),
        Cursor::After(ordinal) => (select_recipients!("> ? ORDER BY ordinal"), ordinal),
        Cursor::Before(ordinal) => (select_recipients!("< ? ORDER BY ordinal DESC"), ordinal),
    };
    let rows = sqlx::query(sql)
        .bind(environment)
        .bind(run.as_bytes().as_slice())
        .bind(bound)
        .bind(limit as i64 + 1)
        .fetch_all(readers)
        .await?;
    let found = rows.iter().map(|row| read_recipient(row, 0)).collect::<Result<_, _>>()?;
    Ok(Page::of_found(found, limit, &cursor))
}
