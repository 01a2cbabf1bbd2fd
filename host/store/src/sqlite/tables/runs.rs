//! Reading workflow runs and their recipients: first the ids and sizes of a page, then what the page shows.

use std::{collections::HashMap, sync::LazyLock};

use inlet_core::delivery::DeliveryCounts;
use uuid::Uuid;

use super::recipient_deliveries;
use crate::{
    records::{
        BoundedPage, Canceled, Cursor, EventQuery, Kept, Page, ReadMemory, RecentWorkflow, RunQuery, RunRecord,
        StoredRecipient, uuid_time,
    },
    sql,
    sqlite::{
        outbox::columns::status_of,
        statements::{
            bounded::{BoundedList, Found, FoundRow, IndexRange, LOOKED_AT},
            multi_row::MultiRow,
            uuids,
        },
    },
};

/// The bytes of a run or a recipient beside its JSON, about.
const ROW_BYTES: i64 = 512;

pub(crate) const BY_ID: IndexRange =
    IndexRange { from: "workflow_runs WHERE environment_id = ?1 AND ?2 IS NOT NULL", keys: [0, 0] };
const NOT_INDEXED: &str = "workflow = ?6";

// SQLite answers octet_length without reading the value.
static SIZES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (environment_id, id, cut_above, recipients, row_bytes) AS (VALUES",
        "(?, ?, ?, ?, ?)",
        ") SELECT id,
               row_bytes + coalesce(octet_length(actor), 0) + coalesce(octet_length(tenant), 0)
               + CASE WHEN octet_length(data) <= cut_above THEN octet_length(data) ELSE 0 END
               + coalesce((
                   SELECT sum(row_bytes + CASE
                       WHEN octet_length(trigger_data) <= cut_above THEN octet_length(trigger_data) ELSE 0 END)
                   FROM workflow_run_recipients WHERE run_id = workflow_runs.id AND ordinal < recipients), 0)
           FROM wanted CROSS JOIN workflow_runs USING (environment_id, id)",
    )
});

static RUNS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (environment_id, id, cut_above) AS (VALUES",
        "(?, ?, ?)",
        ") SELECT id, workflow, recipients_count, actor, tenant, cancellation_key, source_event,
               octet_length(data), CASE WHEN octet_length(data) <= cut_above THEN data END,
               canceled_at_ms, canceled_by, canceled_recipients,
               EXISTS (SELECT 1 FROM expansions WHERE expansions.environment_id = wanted.environment_id
                   AND expansions.run_id = workflow_runs.id AND state < 2),
               settings, mapping
           FROM wanted CROSS JOIN workflow_runs USING (environment_id, id)",
    )
});

static DELIVERIES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (run) AS (VALUES",
        "(?)",
        ") SELECT run, status, count(*) FROM wanted CROSS JOIN deliveries ON run_id = run GROUP BY run, status",
    )
});

static FIRST_RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (run_id, recipients, cut_above) AS (VALUES",
        "(?, ?, ?)",
        ") SELECT run_id, ordinal, collection, id, octet_length(trigger_data),
               CASE WHEN octet_length(trigger_data) <= cut_above THEN trigger_data END, canceled_at_ms, canceled_by
           FROM wanted CROSS JOIN workflow_run_recipients USING (run_id)
           WHERE ordinal < recipients ORDER BY run_id, ordinal",
    )
});

/// Returns the workflows of an environment's newest runs, of which it looks at so many.
pub(crate) async fn recent_workflows(
    readers: &sql::Pool,
    environment: i64,
    runs: u32,
) -> Result<Vec<RecentWorkflow>, sqlx::Error> {
    // PostgreSQL has max() of bytes from version 18 on.
    let sql = sql::each(
        "SELECT workflow, count(*), max(id)
         FROM (SELECT workflow, id FROM workflow_runs WHERE environment_id = ? ORDER BY id DESC LIMIT ?) AS newest
         GROUP BY workflow",
        "SELECT workflow, count(*), (array_agg(id ORDER BY id DESC))[1]
         FROM (SELECT workflow, id FROM workflow_runs WHERE environment_id = ? ORDER BY id DESC LIMIT ?) AS newest
         GROUP BY workflow",
    );
    let rows = sql::query(sql).bind(environment).bind(runs).fetch_all(readers).await?;
    let read = |row: &sql::Row| {
        let last_run = uuids::read(row, 2)?;
        let count: i64 = row.try_get(1)?;
        let last_run_ms = uuid_time::time_of(last_run);
        Ok(RecentWorkflow { workflow: row.try_get(0)?, runs: count.unsigned_abs(), last_run, last_run_ms })
    };
    rows.iter().map(read).collect()
}

/// Returns a page of runs, the newest first, without long values; none if there is no memory for it.
pub(crate) async fn page(
    readers: &sql::Pool,
    query: &RunQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<BoundedPage<RunRecord>>, sqlx::Error> {
    let cut_above = EventQuery::CUT_ABOVE as i64;
    find(readers, query, uuids::Range::of(&query.cursor), cut_above, memory).await
}

/// Returns one run, whole; none if there is no memory for it.
pub(crate) async fn one(
    readers: &sql::Pool,
    environment: i64,
    id: Uuid,
    memory: &dyn ReadMemory,
) -> Result<Option<Option<RunRecord>>, sqlx::Error> {
    let query =
        RunQuery { environment_id: environment, cursor: Cursor::Start, limit: 1, workflow: None, source_event: None };
    let found = find(readers, &query, uuids::Range::of(&Cursor::Start).only(id), i64::MAX, memory).await?;
    Ok(found.map(|page| page.items.into_iter().next()))
}

/// Returns true if there is such a run.
pub(crate) async fn has(readers: &sql::Pool, environment: i64, id: Uuid) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sql::query_scalar("SELECT 1 FROM workflow_runs WHERE environment_id = ? AND id = ?")
        .bind(environment)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(readers)
        .await?;
    Ok(found.is_some())
}

/// Returns true if the whole run is canceled.
pub(crate) async fn is_canceled(readers: &sql::Pool, environment: i64, id: Uuid) -> Result<bool, sqlx::Error> {
    let found: Option<bool> =
        sql::query_scalar("SELECT canceled_at_ms IS NOT NULL FROM workflow_runs WHERE environment_id = ? AND id = ?")
            .bind(environment)
            .bind(id.as_bytes().as_slice())
            .fetch_optional(readers)
            .await?;
    Ok(found.unwrap_or(false))
}

async fn find(
    readers: &sql::Pool,
    query: &RunQuery,
    ids: uuids::Range,
    cut_above: i64,
    memory: &dyn ReadMemory,
) -> Result<Option<BoundedPage<RunRecord>>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let has_filter = query.workflow.is_some() && query.source_event.is_none();
    let list = BoundedList {
        ranges: &[IndexRange { keys: [query.environment_id, 0], ..BY_ID }],
        filter: has_filter.then_some(NOT_INDEXED),
        ids,
        cursor: &query.cursor,
        limit: query.limit,
        most: LOOKED_AT,
    };
    let found = match query.source_event {
        Some(event) => Found::whole(of_event(&mut snapshot, query, event, ids).await?),
        None => list.find(&mut snapshot, |sql| if has_filter { sql.bind(query.workflow.clone()) } else { sql }).await?,
    };
    let found_ids = found.page.items.iter().map(|row| row.id).collect();
    let mut page = Page { items: found_ids, has_before: found.page.has_before, has_after: found.page.has_after };
    let sizes = sizes(&mut snapshot, query.environment_id, &page.items, cut_above).await?;
    if !memory.reserve(page.shorten(&sizes, &query.cursor)) {
        return Ok(None);
    }
    let items = load(&mut snapshot, query.environment_id, &page.items, cut_above).await?;
    let page = Page { items, has_before: page.has_before, has_after: page.has_after };
    Ok(Some(list.complete(&mut snapshot, &found, page, |run| run.id).await?))
}

/// Finds the page among the runs of an event, which are few.
async fn of_event(
    connection: &mut sql::Connection<'_>,
    query: &RunQuery,
    event: Uuid,
    ids: uuids::Range,
) -> Result<Page<FoundRow>, sqlx::Error> {
    let order = if matches!(query.cursor, Cursor::Before(_)) { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT id FROM workflow_runs INDEXED BY workflow_runs_of_event
         WHERE source_event = ? AND id >= ? AND id < ? AND environment_id = ? AND workflow = coalesce(?, workflow)
         ORDER BY id {order} LIMIT ?"
    );
    let rows = sql::query(sql)
        .bind(event.as_bytes().to_vec())
        .bind(ids.from())
        .bind(ids.to())
        .bind(query.environment_id)
        .bind(&query.workflow)
        .bind(query.limit as i64 + 1)
        .fetch_all(connection)
        .await?;
    // Runs are read by their ids.
    let found = rows.iter().map(|row| Ok(FoundRow { id: uuids::read(row, 0)?, rowid: 0 }));
    Ok(Page::of_found(found.collect::<Result<_, sqlx::Error>>()?, query.limit, &query.cursor))
}

/// Returns the bytes of each run as it is read.
async fn sizes(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    ids: &[Uuid],
    cut_above: i64,
) -> Result<Vec<u64>, sqlx::Error> {
    let mut sizes: HashMap<Uuid, u64> = HashMap::new();
    let first = RunRecord::FIRST_RECIPIENTS as i64;
    SIZES
        .fetch(
            connection,
            ids,
            |row, id| _ = row.int(environment).blob(id.as_bytes()).int(cut_above).int(first).int(ROW_BYTES),
            |_, rows| {
                for row in rows {
                    sizes.insert(uuids::read(&row, 0)?, row.try_get::<i64>(1)?.unsigned_abs());
                }
                Ok(())
            },
        )
        .await?;
    Ok(ids.iter().map(|id| sizes.get(id).copied().unwrap_or_default()).collect())
}

async fn load(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    ids: &[Uuid],
    cut_above: i64,
) -> Result<Vec<RunRecord>, sqlx::Error> {
    let mut runs: HashMap<Uuid, RunRecord> = HashMap::new();
    RUNS.fetch(
        connection,
        ids,
        |row, id| _ = row.int(environment).blob(id.as_bytes()).int(cut_above),
        |_, rows| {
            for row in rows {
                let run = read(&row)?;
                runs.insert(run.id, run);
            }
            Ok(())
        },
    )
    .await?;
    DELIVERIES
        .fetch(
            connection,
            ids,
            |row, id| _ = row.blob(id.as_bytes()),
            |_, rows| {
                for row in rows {
                    if let Some(run) = runs.get_mut(&uuids::read(&row, 0)?) {
                        run.deliveries.add(status_of(row.try_get(1)?)?, row.try_get::<i64>(2)?.unsigned_abs());
                    }
                }
                Ok(())
            },
        )
        .await?;
    let first = RunRecord::FIRST_RECIPIENTS as i64;
    FIRST_RECIPIENTS
        .fetch(
            connection,
            ids,
            |row, id| _ = row.blob(id.as_bytes()).int(first).int(cut_above),
            |_, rows| {
                for row in rows {
                    if let Some(run) = runs.get_mut(&uuids::read(&row, 0)?) {
                        let recipient = read_recipient(&row, 1)?;
                        let canceled = recipient.canceled.or(run.canceled);
                        run.recipients.push(StoredRecipient { canceled, ..recipient });
                    }
                }
                Ok(())
            },
        )
        .await?;
    let mut recipients = runs.iter_mut().map(|(id, run)| (*id, run.recipients.as_mut_slice())).collect();
    recipient_deliveries::count(connection, &mut recipients).await?;
    Ok(ids.iter().filter_map(|id| runs.remove(id)).collect())
}

fn read(row: &sql::Row) -> Result<RunRecord, sqlx::Error> {
    Ok(RunRecord {
        id: uuids::read(row, 0)?,
        workflow: row.try_get(1)?,
        recipients: Vec::new(),
        recipients_count: row.try_get(2)?,
        actor: row.try_get(3)?,
        tenant: row.try_get(4)?,
        cancellation_key: row.try_get(5)?,
        source_event: uuids::read(row, 6)?,
        data: Kept { size: row.try_get::<i64>(7)?.unsigned_abs(), content: row.try_get(8)? },
        canceled: read_canceled(row, 9)?,
        canceled_recipients: row.try_get(11)?,
        is_expanding: row.try_get(12)?,
        settings: row.try_get(13)?,
        mapping: uuids::read_optional(row, 14)?,
        deliveries: DeliveryCounts::default(),
    })
}

fn read_canceled(row: &sql::Row, first: usize) -> Result<Option<Canceled>, sqlx::Error> {
    let (at_ms, event) = (row.try_get(first)?, uuids::read_optional(row, first + 1)?);
    Ok(Option::zip(at_ms, event).map(|(at_ms, event)| Canceled { at_ms, event }))
}

fn read_recipient(row: &sql::Row, first: usize) -> Result<StoredRecipient, sqlx::Error> {
    let size: Option<i64> = row.try_get(first + 3)?;
    let content: Option<String> = row.try_get(first + 4)?;
    Ok(StoredRecipient {
        ordinal: row.try_get(first)?,
        collection: row.try_get(first + 1)?,
        id: row.try_get(first + 2)?,
        trigger_data: size.map(|size| Kept { size: size.unsigned_abs(), content }),
        canceled: read_canceled(row, first + 5)?,
        deliveries: DeliveryCounts::default(),
    })
}

macro_rules! select_recipients {
    ($selected:literal, $condition:literal) => {
        concat!(
            "SELECT ",
            $selected,
            " FROM workflow_run_recipients JOIN workflow_runs ON workflow_runs.id = run_id
             WHERE environment_id = ? AND run_id = ? AND ordinal ",
            $condition,
            " LIMIT ?"
        )
    };
}

macro_rules! select_recipient_rows {
    ($condition:literal) => {
        select_recipients!(
            "ordinal, collection, workflow_run_recipients.id, octet_length(trigger_data), trigger_data,
             coalesce(workflow_run_recipients.canceled_at_ms, workflow_runs.canceled_at_ms),
             coalesce(workflow_run_recipients.canceled_by, workflow_runs.canceled_by)",
            $condition
        )
    };
}

macro_rules! select_recipient_sizes {
    ($condition:literal) => {
        select_recipients!("ordinal, coalesce(octet_length(trigger_data), 0)", $condition)
    };
}

/// Returns the recipients of a run, in the order in which the trigger named them; none if there is no memory for them.
pub(crate) async fn recipients(
    readers: &sql::Pool,
    environment: i64,
    run: Uuid,
    cursor: Cursor<i64>,
    limit: usize,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<StoredRecipient>>, sqlx::Error> {
    let (sizes, sql, bound) = match cursor {
        Cursor::Start => {
            (select_recipient_sizes!("> ? ORDER BY ordinal"), select_recipient_rows!("> ? ORDER BY ordinal"), -1)
        }
        Cursor::After(ordinal) => {
            (select_recipient_sizes!("> ? ORDER BY ordinal"), select_recipient_rows!("> ? ORDER BY ordinal"), ordinal)
        }
        Cursor::Before(ordinal) => (
            select_recipient_sizes!("< ? ORDER BY ordinal DESC"),
            select_recipient_rows!("< ? ORDER BY ordinal DESC"),
            ordinal,
        ),
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let fetch = |sql, limit: usize| {
        sql::query(sql).bind(environment).bind(run.as_bytes().to_vec()).bind(bound).bind(limit as i64)
    };
    let found = fetch(sizes, limit + 1).fetch_all(&mut snapshot).await?;
    let found = found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let found = found.collect::<Result<Vec<(i64, i64)>, sqlx::Error>>()?;
    let mut page = Page::of_found(found, limit, &cursor);
    let sizes: Vec<u64> = page.items.iter().map(|(_, size)| (size + ROW_BYTES).unsigned_abs()).collect();
    if !memory.reserve(page.shorten(&sizes, &cursor)) {
        return Ok(None);
    }
    let rows = fetch(sql, page.items.len()).fetch_all(&mut snapshot).await?;
    let mut items = rows.iter().map(|row| read_recipient(row, 0)).collect::<Result<Vec<_>, _>>()?;
    if matches!(cursor, Cursor::Before(_)) {
        items.reverse();
    }
    recipient_deliveries::count(&mut snapshot, &mut HashMap::from([(run, items.as_mut_slice())])).await?;
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}
