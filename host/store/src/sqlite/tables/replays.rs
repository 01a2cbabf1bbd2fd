//! Replays of many events: the selected events and the progress.

use inlet_core::settle::Settlement;
use uuid::Uuid;

use super::change_log;
use crate::{
    backend::Execute,
    clock::now_ms,
    error::ChangeError,
    operations::{CreateReplay, EndReplay, SetReplayTotal},
    records::{
        Cursor, NewReplay, Page, ReadMemory, ReplayFilter, ReplayProgress, ReplayRecord, ReplayState, ReplayTally,
        uuid_time,
    },
    sql,
    sqlite::{
        error::{SqliteError, taken},
        statements::{codes, transaction, uuids},
        write_connection::WriteConnection,
    },
};

const RUNNING: i64 = 0;
const FINISHED: i64 = 1;
const CANCELLED: i64 = 2;

const COLUMNS: &str = "id, source_environment_id, state, filter, rate_per_second, total, position, counts, done, failed, \
                       last_error, started_at_ms, finished_at_ms";

impl Execute<CreateReplay> for WriteConnection {
    async fn execute(&mut self, CreateReplay { new, log }: CreateReplay) -> Result<(), ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            insert(connection, &new, now_ms()).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

/// Inserts a replay, unless one is running in its source environment.
async fn insert(connection: &mut sql::Connection<'_>, new: &NewReplay, now_ms: i64) -> Result<(), SqliteError> {
    let filter = serde_json::to_string(&new.filter).unwrap_or_default();
    sql::query(
        "INSERT INTO replays
             (source_environment_id, id, state, filter, rate_per_second, position, counts, done, failed, started_at_ms)
         VALUES (?, ?, 0, ?, ?, ?, '{}', 0, 0, ?)",
    )
    .bind(new.source_environment_id)
    .bind(new.id.as_bytes().as_slice())
    .bind(filter)
    .bind(new.rate_per_second)
    .bind(Uuid::nil().as_bytes().as_slice())
    .bind(now_ms)
    .execute(connection)
    .await
    .map_err(|error| taken(error, "running replay", "source environment"))?;
    Ok(())
}

/// Returns the running replays of all source environments.
pub(crate) async fn running(readers: &sql::Pool) -> Result<Vec<ReplayRecord>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM replays WHERE state = 0");
    let rows = sql::query(sql).fetch_all(readers).await?;
    rows.iter().map(read).collect()
}

/// The bytes of a replay's short columns, about.
const ROW_BYTES: i64 = 512;

/// The bytes of a replay. A filter may name a thousand ids.
const SIZE: &str = "octet_length(filter) + octet_length(counts) + coalesce(octet_length(last_error), 0)";

/// Returns the replays of a source environment, the newest first; none if there is no memory for them.
pub(crate) async fn page(
    readers: &sql::Pool,
    source_environment: i64,
    cursor: Cursor<Uuid>,
    limit: usize,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<ReplayRecord>>, sqlx::Error> {
    let range = uuids::Range::of(&cursor);
    let order = if matches!(cursor, Cursor::Before(_)) { "ASC" } else { "DESC" };
    let fetch = |selected: &str, limit: usize| {
        let sql = format!(
            "SELECT {selected} FROM replays
             WHERE source_environment_id = ? AND id >= ? AND id < ? ORDER BY id {order} LIMIT ?"
        );
        let query = sql::query(sql).bind(source_environment);
        query.bind(range.from()).bind(range.to()).bind(limit as i64)
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let found = fetch(SIZE, limit + 1).fetch_all(&mut snapshot).await?;
    let found = found.iter().map(|row| Ok((row.try_get::<i64>(0)? + ROW_BYTES).unsigned_abs()));
    let mut page = Page::of_found(found.collect::<Result<Vec<u64>, sqlx::Error>>()?, limit, &cursor);
    let sizes = page.items.clone();
    if !memory.reserve(page.shorten(&sizes, &cursor)) {
        return Ok(None);
    }
    let rows = fetch(COLUMNS, page.items.len()).fetch_all(&mut snapshot).await?;
    let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if matches!(cursor, Cursor::Before(_)) {
        items.reverse();
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

/// Returns one replay.
pub(crate) async fn one(
    readers: &sql::Pool,
    source_environment: i64,
    id: Uuid,
) -> Result<Option<ReplayRecord>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM replays WHERE source_environment_id = ? AND id = ?");
    let query = sql::query(sql).bind(source_environment).bind(id.as_bytes().as_slice());
    query.fetch_optional(readers).await?.as_ref().map(read).transpose()
}

fn read(row: &sql::Row) -> Result<ReplayRecord, sqlx::Error> {
    let unreadable = |error: serde_json::Error| sqlx::Error::Decode(Box::new(error));
    Ok(ReplayRecord {
        id: uuids::read(row, 0)?,
        source_environment_id: row.try_get(1)?,
        state: match row.try_get(2)? {
            RUNNING => ReplayState::Running,
            FINISHED => ReplayState::Finished,
            CANCELLED => ReplayState::Cancelled,
            state => return Err(codes::unknown("state", state)),
        },
        filter: serde_json::from_str(row.try_get(3)?).map_err(unreadable)?,
        rate_per_second: row.try_get(4)?,
        total: row.try_get(5)?,
        tally: ReplayTally {
            position: uuids::read(row, 6)?,
            counts: serde_json::from_str(row.try_get(7)?).map_err(unreadable)?,
            done: row.try_get(8)?,
            failed: row.try_get(9)?,
            last_error: row.try_get(10)?,
        },
        started_at_ms: row.try_get(11)?,
        finished_at_ms: row.try_get(12)?,
    })
}

/// Advances a replay that is running and at the step's start; returns false if it is not.
pub(crate) async fn step(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    progress: &ReplayProgress,
    settlements: &[Settlement],
) -> Result<bool, sqlx::Error> {
    let mut counts = progress.tally.counts.clone();
    for settlement in settlements {
        *counts.entry(settlement.outcome.as_str().to_owned()).or_default() += 1;
    }
    let moved = sql::query(
        "UPDATE replays SET position = ?, done = ?, failed = ?, counts = ?, last_error = ?
         WHERE source_environment_id = ? AND id = ? AND state = 0 AND position = ?",
    )
    .bind(progress.tally.position.as_bytes().as_slice())
    .bind(progress.tally.done)
    .bind(progress.tally.failed)
    .bind(serde_json::to_string(&counts).unwrap_or_default())
    .bind(&progress.tally.last_error)
    .bind(source_environment)
    .bind(progress.replay_id.as_bytes().as_slice())
    .bind(progress.from.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

impl Execute<SetReplayTotal> for WriteConnection {
    async fn execute(&mut self, operation: SetReplayTotal) -> Result<(), ChangeError> {
        let SetReplayTotal { source_environment_id, id, total } = operation;
        sql::query("UPDATE replays SET total = ? WHERE source_environment_id = ? AND id = ?")
            .bind(total)
            .bind(source_environment_id)
            .bind(id.as_bytes().as_slice())
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<EndReplay> for WriteConnection {
    async fn execute(&mut self, operation: EndReplay) -> Result<bool, ChangeError> {
        let EndReplay { source_environment_id, id, cancelled } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let state = if cancelled.is_some() { CANCELLED } else { FINISHED };
            let ended = end(connection, source_environment_id, id, state).await?;
            if let Some(change) = cancelled.filter(|_| ended) {
                change_log::record(connection, &change).await?;
            }
            Ok(ended)
        })
        .await?)
    }
}

/// Ends a replay that is running; returns true if it was.
async fn end(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    id: Uuid,
    state: i64,
) -> Result<bool, sqlx::Error> {
    let ended = sql::query(
        "UPDATE replays SET state = ?, finished_at_ms = ? WHERE source_environment_id = ? AND id = ? AND state = 0",
    )
    .bind(state)
    .bind(now_ms())
    .bind(source_environment)
    .bind(id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

// Events that failed or were rejected are found by the entries that need attention, which are few. All others are found
// by walking the log.
macro_rules! select_events {
    ($select:literal, $tail:literal) => {
        [
            sql::each(
                select_open!($select, "(?5 & (1 << attention.outcome))", $tail),
                select_open!($select, "(?5 & (1::bigint << attention.outcome::int)) <> 0", $tail),
            ),
            sql::each(
                select_logged!($select, "(?5 & (1 << outcome))", $tail),
                select_logged!($select, "(?5 & (1::bigint << outcome::int)) <> 0", $tail),
            ),
        ]
    };
}

macro_rules! select_open {
    ($select:literal, $has_outcome:literal, $tail:literal) => {
        concat!(
            $select,
            " FROM attention CROSS JOIN event_logs
                 ON event_logs.source_environment_id = attention.source_environment_id AND id = event_id
             WHERE attention.source_environment_id = ?1 AND event_id > ?2 AND event_id < ?3 AND event_id >= ?4
               AND open = 1 AND ",
            $has_outcome,
            " AND (?6 IS NULL OR attention.code = ?6) AND (?7 IS NULL OR event_type IN (?7, ?8))",
            $tail
        )
    };
}

macro_rules! select_logged {
    ($select:literal, $has_outcome:literal, $tail:literal) => {
        concat!(
            $select,
            " FROM event_logs
             WHERE source_environment_id = ?1 AND id > ?2 AND id < ?3 AND id >= ?4 AND ",
            $has_outcome,
            " AND (?6 IS NULL OR code = ?6) AND (?7 IS NULL OR event_type IN (?7, ?8))
               AND (outcome NOT IN (3, 4) OR EXISTS (
                   SELECT 1 FROM attention
                   WHERE attention.source_environment_id = event_logs.source_environment_id
                     AND event_id = event_logs.id AND open = 1))",
            $tail
        )
    };
}

/// Returns the next events that a filter selects, oldest first, between two ids that are both excluded.
pub(crate) async fn next(
    readers: &sql::Pool,
    source_environment: i64,
    filter: &ReplayFilter,
    (after, before): (Uuid, Uuid),
    limit: usize,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let [open, logged] = select_events!("SELECT id", " ORDER BY id LIMIT ?9");
    let sql = if walks_the_log(filter) { logged } else { open };
    let rows = bind(sql, source_environment, filter, after, before).bind(limit as i64).fetch_all(readers).await?;
    rows.iter().map(|row| uuids::read(row, 0)).collect()
}

/// Returns the first event before an id that is not looked at any more, if a filter's events are searched among the oldest
/// `most`; none if there are no more. Reads indexes only.
pub(crate) async fn edge(
    readers: &sql::Pool,
    source_environment: i64,
    filter: &ReplayFilter,
    before: Uuid,
    most: i64,
) -> Result<Option<Uuid>, sqlx::Error> {
    let sql = match walks_the_log(filter) {
        true => {
            "SELECT id FROM event_logs
             WHERE source_environment_id = ?1 AND id > ?2 AND id < ?3 AND id >= ?4 ORDER BY id LIMIT 1 OFFSET ?9"
        }
        false => {
            "SELECT event_id FROM attention
             WHERE source_environment_id = ?1 AND open = 1 AND event_id > ?2 AND event_id < ?3 AND event_id >= ?4
             ORDER BY event_id LIMIT 1 OFFSET ?9"
        }
    };
    let query = bind(sql.into(), source_environment, filter, Uuid::nil(), before);
    let row = query.bind(most).fetch_optional(readers).await?;
    row.map(|row| uuids::read(&row, 0)).transpose()
}

/// Counts the events before an id that a filter selects.
pub(crate) async fn count(
    readers: &sql::Pool,
    source_environment: i64,
    filter: &ReplayFilter,
    before: Uuid,
) -> Result<i64, sqlx::Error> {
    let [open, logged] = select_events!("SELECT count(*)", "");
    let sql = if walks_the_log(filter) { logged } else { open };
    bind(sql, source_environment, filter, Uuid::nil(), before).fetch_one(readers).await?.try_get(0)
}

/// Returns true if the log must be walked.
fn walks_the_log(filter: &ReplayFilter) -> bool {
    filter.outcomes.iter().any(|outcome| outcome.is_accepted())
}

fn bind<'q>(
    sql: sql::Text,
    source_environment: i64,
    filter: &'q ReplayFilter,
    after: Uuid,
    before: Uuid,
) -> sql::Query<'q> {
    let before = filter.ending_at_ms.map_or(before, |ms| before.min(uuid_time::floor(ms)));
    let outcomes = filter.outcomes.iter().fold(0, |mask, outcome| mask | 1_i64 << codes::of_outcome(*outcome));
    sql::query(sql)
        .bind(source_environment)
        .bind(after.as_bytes().to_vec())
        .bind(before.as_bytes().to_vec())
        .bind(filter.starting_at_ms.map_or(Uuid::nil(), uuid_time::floor).as_bytes().to_vec())
        .bind(outcomes)
        .bind(&filter.code)
        .bind(&filter.event_type)
        .bind(&filter.track_event_type)
}
