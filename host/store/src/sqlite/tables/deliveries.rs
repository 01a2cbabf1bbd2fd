//! Reading deliveries, their attempts and their bodies.

use inlet_core::delivery::DeliveryCounts;
use sqlx::{Acquire as _, AssertSqlSafe, Row as _, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    records::{
        AttemptRecord, Cursor, DeliveryFilter, DeliveryQuery, ListedDelivery, OpenDeliveries, Page, ReadMemory,
        StoredAttempt, StoredBody, uuid_time,
    },
    sqlite::{
        error::SqliteError,
        outbox::{
            columns::{self, columns, of_status, status_of},
            select,
        },
        statements::{database_time::now_ms, runner::FoundRow, uuids},
    },
};

/// The most attempts that are read of one delivery: the newest.
const MAX_ATTEMPTS: i64 = 100;
/// The most attempts that are read of each of many deliveries: the newest.
const MAX_ATTEMPTS_OF_MANY: i64 = 10;
/// The bytes of a delivery and its last attempt, at most about.
const ENTRY_BYTES: u64 = 2048 + AttemptRecord::MAX_RESPONSE_BYTES as u64 + 2 * AttemptRecord::MAX_HEADERS_BYTES as u64;

const ATTEMPT_COLUMNS: &str = "number, is_counted, at_ms, duration_ms, outcome, status, error, request_headers,
    response_headers, response_body";

/// Makes deliveries due that somebody works on. Call it while the database is opened: the lock of the data directory proves
/// that no earlier owner runs any more.
pub(crate) async fn free_all(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(concat!("UPDATE deliveries SET owner = NULL, due_at_ms = ", now_ms!(), " WHERE owner IS NOT NULL"))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns a page of deliveries, the newest first, each with its last attempt; none if there is no memory for it.
pub(crate) async fn page(
    readers: &SqlitePool,
    query: &DeliveryQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<ListedDelivery>>, SqliteError> {
    let mut range = select::range(&query.filter, uuids::Range::of(&query.cursor));
    if let Some(event) = query.source_event {
        // A delivery is younger than its event.
        range = range.not_before(event);
    }
    let found = match range.is_empty() {
        true => Vec::new(),
        false => ids(readers, query, range).await?,
    };
    let page = Page::of_found(found, query.limit, &query.cursor);
    if !memory.reserve(page.items.len() as u64 * ENTRY_BYTES) {
        return Ok(None);
    }
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let mut items = Vec::with_capacity(page.items.len());
    for seq in page.items {
        items.extend(listed(&mut snapshot, "seq = ?1", seq).await?);
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

/// Returns the ids of the newest deliveries of an environment to which their target gave this id.
pub(crate) async fn by_downstream_id(
    readers: &SqlitePool,
    environment: i64,
    downstream_id: &str,
    limit: usize,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let rows = sqlx::query(
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
    readers: &SqlitePool,
    query: &DeliveryQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<Vec<(ListedDelivery, Vec<StoredAttempt>)>>, SqliteError> {
    let Some(page) = page(readers, query, memory).await? else { return Ok(None) };
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let mut found = Vec::with_capacity(page.items.len());
    for listed in page.items {
        let bytes: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(bytes), 0) FROM (
                 SELECT octet_length(request_headers) + octet_length(response_headers) + octet_length(response_body)
                     + coalesce(octet_length(error), 0) + 256 AS bytes
                 FROM delivery_attempts WHERE delivery_seq = ? ORDER BY number DESC LIMIT ?)",
        )
        .bind(listed.delivery.seq)
        .bind(MAX_ATTEMPTS_OF_MANY)
        .fetch_one(&mut *snapshot)
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

async fn ids(readers: &SqlitePool, query: &DeliveryQuery, range: uuids::Range) -> Result<Vec<i64>, sqlx::Error> {
    let order = if matches!(query.cursor, Cursor::Before(_)) { "ASC" } else { "DESC" };
    // Without the hint SQLite may sort all deliveries of an environment.
    let (index, condition) = match (query.run, query.filter.status) {
        (Some(_), _) => ("deliveries_of_run", "AND run_id = ?7 AND (?8 IS NULL OR status = ?8)"),
        (None, Some(_)) => ("deliveries_by_status", "AND ?7 IS NULL AND status = ?8"),
        (None, None) => ("deliveries_by_id", "AND ?7 IS NULL AND ?8 IS NULL"),
    };
    let sql = format!(
        "SELECT seq FROM deliveries INDEXED BY {index} WHERE {} {condition} AND (?9 IS NULL OR source_event = ?9)
         ORDER BY id {order} LIMIT ?10",
        select::MATCHES
    );
    let found = select::bind(sqlx::query(AssertSqlSafe(sql)), query.environment_id, &query.filter, range)
        .bind(query.run.map(|run| run.as_bytes().to_vec()))
        .bind(query.filter.status.map(of_status))
        .bind(query.source_event.map(|event| event.as_bytes().to_vec()))
        .bind(query.limit as i64 + 1)
        .fetch_all(readers)
        .await?;
    found.iter().map(|row| row.try_get(0)).collect()
}

/// Returns one delivery with its newest attempts, the oldest of them first.
pub(crate) async fn one(
    readers: &SqlitePool,
    environment: i64,
    id: Uuid,
) -> Result<Option<(ListedDelivery, Vec<StoredAttempt>)>, SqliteError> {
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let seq: Option<i64> = sqlx::query_scalar("SELECT seq FROM deliveries WHERE environment_id = ? AND id = ?")
        .bind(environment)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&mut *snapshot)
        .await?;
    let Some(seq) = seq else { return Ok(None) };
    let Some(delivery) = listed(&mut snapshot, "seq = ?1", seq).await? else { return Ok(None) };
    let mut attempts = attempts(&mut snapshot, seq, MAX_ATTEMPTS).await?;
    attempts.reverse();
    Ok(Some((delivery, attempts)))
}

async fn listed(
    connection: &mut SqliteConnection,
    condition: &str,
    seq: i64,
) -> Result<Option<ListedDelivery>, SqliteError> {
    let sql = format!(
        "SELECT {}, (SELECT targets.key FROM targets WHERE targets.id = target_id) FROM deliveries WHERE {condition}",
        columns!()
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(seq).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let delivery = columns::read(&FoundRow::Plain(&row))?;
    let target: Option<String> = row.try_get(columns::COUNT)?;
    let last_attempt = attempts(connection, seq, 1).await?.pop();
    Ok(Some(ListedDelivery { delivery, target: target.unwrap_or_default(), last_attempt }))
}

/// Returns the newest attempts of a delivery, the newest first.
async fn attempts(connection: &mut SqliteConnection, seq: i64, limit: i64) -> Result<Vec<StoredAttempt>, sqlx::Error> {
    let sql =
        format!("SELECT {ATTEMPT_COLUMNS} FROM delivery_attempts WHERE delivery_seq = ? ORDER BY number DESC LIMIT ?");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(seq).bind(limit).fetch_all(connection).await?;
    rows.iter().map(read_attempt).collect()
}

fn read_attempt(row: &SqliteRow) -> Result<StoredAttempt, sqlx::Error> {
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
            response_body: row.try_get::<Vec<u8>, _>(9)?.into(),
        },
    })
}

/// Counts the attempts of a delivery that were answered.
pub(crate) async fn answers(readers: &SqlitePool, seq: i64) -> Result<u32, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM delivery_attempts WHERE delivery_seq = ? AND status IS NOT NULL")
        .bind(seq)
        .fetch_one(readers)
        .await
}

/// Returns the stored body of a delivery.
pub(crate) async fn body(readers: &SqlitePool, seq: i64) -> Result<Option<StoredBody>, sqlx::Error> {
    let row = sqlx::query("SELECT content_type, body FROM delivery_bodies WHERE delivery_seq = ?")
        .bind(seq)
        .fetch_optional(readers)
        .await?;
    row.map(|row| Ok(StoredBody { content_type: row.try_get(0)?, body: row.try_get::<Vec<u8>, _>(1)?.into() }))
        .transpose()
}

/// Counts the deliveries of an environment that match a filter, by status.
pub(crate) async fn counts(
    readers: &SqlitePool,
    environment: i64,
    filter: &DeliveryFilter,
) -> Result<DeliveryCounts, SqliteError> {
    let mut counts = DeliveryCounts::default();
    let range = select::range(filter, uuids::Range::of(&Cursor::Start));
    if range.is_empty() {
        return Ok(counts);
    }
    let sql = format!(
        "SELECT status, count(*) FROM deliveries WHERE {} AND (?7 IS NULL OR status = ?7) GROUP BY status",
        select::MATCHES
    );
    let query = select::bind(sqlx::query(AssertSqlSafe(sql)), environment, filter, range);
    for row in query.bind(filter.status.map(of_status)).fetch_all(readers).await? {
        counts.add(status_of(row.try_get(0)?)?, row.try_get::<i64, _>(1)?.unsigned_abs());
    }
    Ok(counts)
}

/// Returns for every target with open deliveries their number and the oldest. Reads indexes, and one row for each target.
pub(crate) async fn open(readers: &SqlitePool) -> Result<Vec<OpenDeliveries>, sqlx::Error> {
    let rows = sqlx::query(
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
                count: row.try_get::<i64, _>(1)?.unsigned_abs(),
                oldest_ms: uuid_time::time_of(uuids::read(row, 2)?),
            })
        })
        .collect()
}
