//! Reading deliveries, their attempts and their bodies.

use inlet_core::delivery::{DeliveryCounts, DeliveryStatus};
use uuid::Uuid;

use crate::{
    records::{
        AttemptRecord, BoundedPage, Cursor, DeliveryFilter, DeliveryQuery, ListedDelivery, OpenDeliveries, Page,
        ReadMemory, StoredAttempt, StoredBody, uuid_time,
    },
    sql,
    sqlite::{
        error::SqliteError,
        outbox::{
            columns::{self, columns, of_status, status_of},
            select,
        },
        statements::{
            bounded::{BoundedList, Found, FoundRow, IndexRange, LOOKED_AT},
            database_time::now_ms,
            runner, uuids,
        },
    },
};

/// The most attempts that are read of one delivery: the newest.
const MAX_ATTEMPTS: i64 = 100;
/// The most attempts that are read of each of many deliveries: the newest.
const MAX_ATTEMPTS_OF_MANY: i64 = 10;
/// The bytes of a delivery and its last attempt, at most about.
const ENTRY_BYTES: u64 = 2048 + AttemptRecord::MAX_RESPONSE_BYTES as u64 + 2 * AttemptRecord::MAX_HEADERS_BYTES as u64;

// Without the hints SQLite may sort all deliveries of an environment.
pub(crate) const BY_ID: &str = "deliveries INDEXED BY deliveries_by_id WHERE environment_id = ?1 AND ?2 IS NOT NULL";
pub(crate) const BY_STATUS: &str =
    "deliveries INDEXED BY deliveries_by_status WHERE environment_id = ?1 AND status = ?2";
pub(crate) const OF_TARGET: &str = "deliveries INDEXED BY deliveries_of_target WHERE target_id = ?1 AND status = ?2";
const NOT_INDEXED: &str = "(?6 IS NULL OR workflow = ?6) AND (?7 IS NULL OR mapping = ?7)";

const ATTEMPT_COLUMNS: &str = "number, is_counted, at_ms, duration_ms, outcome, status, error, request_headers,
    response_headers, response_body";

/// Makes deliveries due that somebody works on. Call it while the database is opened: the lock of the data directory proves
/// that no earlier owner runs any more.
pub(crate) async fn free_all(connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
    sql::query(concat!("UPDATE deliveries SET owner = NULL, due_at_ms = ", now_ms!(), " WHERE owner IS NOT NULL"))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns a page of deliveries, the newest first, each with its last attempt; none if there is no memory for it.
pub(crate) async fn page(
    readers: &sql::Pool,
    query: &DeliveryQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<BoundedPage<ListedDelivery>>, SqliteError> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let ranges = ranges(query);
    let list = list(query, &ranges);
    let found = match query.run.is_some() || query.source_event.is_some() {
        true => Found::whole(of_run_or_event(&mut snapshot, query).await?),
        false => {
            let mapping = query.filter.mapping.map(|mapping| mapping.as_bytes().to_vec());
            let bind = |sql: sql::Query<'static>| match list.filter {
                Some(_) => sql.bind(query.filter.workflow.clone()).bind(mapping.clone()),
                None => sql,
            };
            list.find(&mut snapshot, bind).await?
        }
    };
    if !memory.reserve(found.page.items.len() as u64 * ENTRY_BYTES) {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(found.page.items.len());
    for row in &found.page.items {
        items.extend(listed(&mut snapshot, "seq = ?1", row.rowid).await?);
    }
    let page = Page { items, has_before: found.page.has_before, has_after: found.page.has_after };
    Ok(Some(list.complete(&mut snapshot, &found, page, |listed| listed.delivery.id).await?))
}

/// Returns the ranges of indexes that have what a query wants, beside its run and event.
fn ranges(query: &DeliveryQuery) -> Vec<IndexRange> {
    let environment = query.environment_id;
    match (query.filter.target_id, query.filter.status) {
        (Some(target), Some(status)) => vec![IndexRange { from: OF_TARGET, keys: [target, of_status(status)] }],
        (Some(target), None) => {
            let of = |status| IndexRange { from: OF_TARGET, keys: [target, of_status(status)] };
            DeliveryStatus::ALL.map(of).to_vec()
        }
        (None, Some(status)) => vec![IndexRange { from: BY_STATUS, keys: [environment, of_status(status)] }],
        (None, None) => vec![IndexRange { from: BY_ID, keys: [environment, 0] }],
    }
}

fn list<'a>(query: &'a DeliveryQuery, ranges: &'a [IndexRange]) -> BoundedList<'a> {
    let has_filter = query.filter.workflow.is_some() || query.filter.mapping.is_some();
    BoundedList {
        ranges,
        filter: (has_filter && query.run.is_none() && query.source_event.is_none()).then_some(NOT_INDEXED),
        ids: select::range(&query.filter, uuids::Range::of(&query.cursor)),
        cursor: &query.cursor,
        limit: query.limit,
        most: LOOKED_AT,
    }
}

/// Returns the ids of the newest deliveries of an environment to which their target gave this id.
pub(crate) async fn by_downstream_id(
    readers: &sql::Pool,
    environment: i64,
    downstream_id: &str,
    limit: usize,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let rows = sql::query(
        "SELECT id FROM deliveries WHERE environment_id = ? AND downstream_id = ? ORDER BY seq DESC LIMIT ?",
    )
    .bind(environment)
    .bind(downstream_id)
    .bind(limit as i64)
    .fetch_all(readers)
    .await?;
    rows.iter().map(|row| uuids::read(row, 0)).collect()
}

/// Returns a page of deliveries, the newest first, each with its newest attempts, the oldest of them first; none if there is no
/// memory for it.
pub(crate) async fn with_attempts(
    readers: &sql::Pool,
    query: &DeliveryQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<Vec<(ListedDelivery, Vec<StoredAttempt>)>>, SqliteError> {
    let Some(page) = page(readers, query, memory).await? else { return Ok(None) };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let mut found = Vec::with_capacity(page.items.len());
    for listed in page.items {
        let bytes: i64 = sql::query_scalar(
            "SELECT coalesce(sum(bytes), 0) FROM (
                 SELECT octet_length(request_headers) + octet_length(response_headers) + octet_length(response_body)
                     + coalesce(octet_length(error), 0) + 256 AS bytes
                 FROM delivery_attempts WHERE delivery_seq = ? ORDER BY number DESC LIMIT ?) AS newest",
        )
        .bind(listed.delivery.seq)
        .bind(MAX_ATTEMPTS_OF_MANY)
        .fetch_one(&mut snapshot)
        .await?;
        if !memory.reserve(bytes.unsigned_abs()) {
            return Ok(None);
        }
        let mut attempts = attempts(&mut snapshot, listed.delivery.seq, MAX_ATTEMPTS_OF_MANY).await?;
        attempts.reverse();
        found.push((listed, attempts));
    }
    Ok(Some(found))
}

/// Finds the page among the deliveries of a run or an event, which are few.
async fn of_run_or_event(
    connection: &mut sql::Connection<'_>,
    query: &DeliveryQuery,
) -> Result<Page<FoundRow>, sqlx::Error> {
    let range = select::range(&query.filter, uuids::Range::of(&query.cursor));
    let order = if matches!(query.cursor, Cursor::Before(_)) { "ASC" } else { "DESC" };
    // Without the hint SQLite may read all deliveries of an environment.
    let index = if query.run.is_some() { "deliveries_of_run" } else { "deliveries_of_event" };
    let of = if query.run.is_some() { "run_id = ?7" } else { "?7 IS NULL AND source_event = ?9" };
    let sql = format!(
        "SELECT id, seq FROM deliveries INDEXED BY {index} WHERE {of} AND {} AND (?8 IS NULL OR status = ?8)
         AND (?9 IS NULL OR source_event = ?9) ORDER BY id {order} LIMIT ?10",
        select::MATCHES
    );
    let rows = select::bind(sql::query(sql), query.environment_id, &query.filter, range)
        .bind(query.run.map(|run| run.as_bytes().to_vec()))
        .bind(query.filter.status.map(of_status))
        .bind(query.source_event.map(|event| event.as_bytes().to_vec()))
        .bind(query.limit as i64 + 1)
        .fetch_all(connection)
        .await?;
    let found = rows.iter().map(|row| Ok(FoundRow { id: uuids::read(row, 0)?, rowid: row.try_get(1)? }));
    Ok(Page::of_found(found.collect::<Result<_, sqlx::Error>>()?, query.limit, &query.cursor))
}

/// Returns one delivery with its newest attempts, the oldest of them first.
pub(crate) async fn one(
    readers: &sql::Pool,
    environment: i64,
    id: Uuid,
) -> Result<Option<(ListedDelivery, Vec<StoredAttempt>)>, SqliteError> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let seq: Option<i64> = sql::query_scalar("SELECT seq FROM deliveries WHERE environment_id = ? AND id = ?")
        .bind(environment)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&mut snapshot)
        .await?;
    let Some(seq) = seq else { return Ok(None) };
    let Some(delivery) = listed(&mut snapshot, "seq = ?1", seq).await? else { return Ok(None) };
    let mut attempts = attempts(&mut snapshot, seq, MAX_ATTEMPTS).await?;
    attempts.reverse();
    Ok(Some((delivery, attempts)))
}

async fn listed(
    connection: &mut sql::Connection<'_>,
    condition: &str,
    seq: i64,
) -> Result<Option<ListedDelivery>, SqliteError> {
    let sql = format!(
        "SELECT {}, (SELECT targets.key FROM targets WHERE targets.id = target_id) FROM deliveries WHERE {condition}",
        columns!()
    );
    let row = sql::query(sql).bind(seq).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let delivery = columns::read(&runner::FoundRow::Plain(&row))?;
    let target: Option<String> = row.try_get(columns::COUNT)?;
    let last_attempt = attempts(connection, seq, 1).await?.pop();
    Ok(Some(ListedDelivery { delivery, target: target.unwrap_or_default(), last_attempt }))
}

/// Returns the newest attempts of a delivery, the newest first.
async fn attempts(
    connection: &mut sql::Connection<'_>,
    seq: i64,
    limit: i64,
) -> Result<Vec<StoredAttempt>, sqlx::Error> {
    let sql =
        format!("SELECT {ATTEMPT_COLUMNS} FROM delivery_attempts WHERE delivery_seq = ? ORDER BY number DESC LIMIT ?");
    let rows = sql::query(sql).bind(seq).bind(limit).fetch_all(connection).await?;
    rows.iter().map(read_attempt).collect()
}

fn read_attempt(row: &sql::Row) -> Result<StoredAttempt, sqlx::Error> {
    Ok(StoredAttempt {
        number: row.try_get(0)?,
        is_counted: row.try_get(1)?,
        attempt: AttemptRecord {
            at_ms: row.try_get(2)?,
            duration_ms: row.try_get(3)?,
            outcome: row.try_get(4)?,
            status: row.try_get(5)?,
            error: row.try_get(6)?,
            request_headers: row.try_get(7)?,
            response_headers: row.try_get(8)?,
            response_body: row.try_get::<Vec<u8>>(9)?.into(),
        },
    })
}

/// Counts the attempts of a delivery that were answered.
pub(crate) async fn answers(readers: &sql::Pool, seq: i64) -> Result<u32, sqlx::Error> {
    sql::query_scalar("SELECT count(*) FROM delivery_attempts WHERE delivery_seq = ? AND status IS NOT NULL")
        .bind(seq)
        .fetch_one(readers)
        .await
}

/// Returns the stored body of a delivery.
pub(crate) async fn body(readers: &sql::Pool, seq: i64) -> Result<Option<StoredBody>, sqlx::Error> {
    let row = sql::query("SELECT content_type, body FROM delivery_bodies WHERE delivery_seq = ?")
        .bind(seq)
        .fetch_optional(readers)
        .await?;
    row.map(|row| Ok(StoredBody { content_type: row.try_get(0)?, body: row.try_get::<Vec<u8>>(1)?.into() })).transpose()
}

/// Counts the deliveries of an environment that match a filter, by status. Reads indexes only, unless they are counted by
/// workflow or mapping.
pub(crate) async fn counts(
    readers: &sql::Pool,
    environment: i64,
    filter: &DeliveryFilter,
) -> Result<DeliveryCounts, SqliteError> {
    let mut counts = DeliveryCounts::default();
    let ids = select::range(filter, uuids::Range::of(&Cursor::Start));
    if ids.is_empty() {
        return Ok(counts);
    }
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let (from, of) = match filter.target_id {
        Some(target) => (OF_TARGET, target),
        None => (BY_STATUS, environment),
    };
    let has_filter = filter.workflow.is_some() || filter.mapping.is_some();
    let condition = if has_filter { NOT_INDEXED } else { "?6 IS NULL AND ?7 IS NULL" };
    let sql = format!("SELECT count(*) FROM {from} AND id >= ?3 AND id < ?4 AND ?5 IS NULL AND {condition}");
    for status in DeliveryStatus::ALL.into_iter().filter(|status| filter.status.is_none_or(|wanted| wanted == *status))
    {
        let count: i64 = sql::query_scalar(sql.clone())
            .bind(of)
            .bind(of_status(status))
            .bind(ids.from())
            .bind(ids.to())
            .bind(None::<i64>)
            .bind(filter.workflow.clone())
            .bind(filter.mapping.map(|mapping| mapping.as_bytes().to_vec()))
            .fetch_one(&mut snapshot)
            .await?;
        counts.add(status, count.unsigned_abs());
    }
    Ok(counts)
}

/// Counts the newest deliveries of an environment that were made since a time by target and status, at most `limit` of them;
/// also returns how many were counted.
pub(crate) async fn counts_by_target(
    readers: &sql::Pool,
    environment: i64,
    from_ms: i64,
    limit: u64,
) -> Result<(Vec<(i64, DeliveryCounts)>, u64), SqliteError> {
    // Without the hint SQLite may read all deliveries of an environment.
    let rows = sql::query(
        "SELECT target_id, status, count(*) FROM (
             SELECT target_id, status FROM deliveries INDEXED BY deliveries_by_id
             WHERE environment_id = ? AND id >= ? ORDER BY id DESC LIMIT ?) AS newest
         GROUP BY target_id, status ORDER BY target_id",
    )
    .bind(environment)
    .bind(uuid_time::floor(from_ms).as_bytes().as_slice())
    .bind(limit.cast_signed())
    .fetch_all(readers)
    .await?;
    let (mut counted, mut targets) = (0, Vec::<(i64, DeliveryCounts)>::new());
    for row in rows {
        let (target, number) = (row.try_get(0)?, row.try_get::<i64>(2)?.unsigned_abs());
        if targets.last().is_none_or(|(last, _)| *last != target) {
            targets.push((target, DeliveryCounts::default()));
        }
        if let Some((_, counts)) = targets.last_mut() {
            counts.add(status_of(row.try_get(1)?)?, number);
        }
        counted += number;
    }
    Ok((targets, counted))
}

/// Returns for every target with open deliveries their number and the oldest. Reads indexes, and one row for each target.
pub(crate) async fn open(readers: &sql::Pool) -> Result<Vec<OpenDeliveries>, sqlx::Error> {
    let rows = sql::query(
        "SELECT targets.id, due.number + coalesce(behind.number, 0),
             (SELECT id FROM deliveries WHERE seq = min(due.oldest, coalesce(behind.oldest, due.oldest)))
         FROM targets
         JOIN (SELECT target_id, count(*) AS number, min(seq) AS oldest FROM deliveries
               WHERE due_at_ms IS NOT NULL GROUP BY target_id) AS due ON due.target_id = targets.id
         LEFT JOIN (SELECT target_id, count(*) AS number, min(seq) AS oldest FROM deliveries
               WHERE order_key IS NOT NULL AND due_at_ms IS NULL AND finished_at_ms IS NULL
               GROUP BY target_id) AS behind ON behind.target_id = targets.id",
    )
    .fetch_all(readers)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OpenDeliveries {
                target_id: row.try_get(0)?,
                count: row.try_get::<i64>(1)?.unsigned_abs(),
                oldest_ms: uuid_time::time_of(uuids::read(row, 2)?),
            })
        })
        .collect()
}
