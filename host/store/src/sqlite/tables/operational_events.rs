//! Operational events and open conditions.

use std::fmt::Write as _;

use std::time::Duration;

use inlet_core::operational::{
    EventEnvironment, OpenCondition, OperationalEvent, OperationalEventType, QUIET_MS, RaiseRule,
};
use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{
        CloseOperationalConditions, EndOperationalAttempt, LeaveOperationalEventsUnsent, RaiseOperationalEvent,
    },
    records::{
        Cursor, DueOperationalEvent, OperationalAttempt, OperationalEventQuery, OperationalEventRecord,
        OperationalEventStatus, Page, Raised,
    },
    sql::{self, Bind as _},
    sqlite::{
        error::SqliteError,
        statements::{codes, database_time::now_ms, transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// The most events that are kept.
const MAX_EVENTS: i64 = 1000;

const COLUMNS: &str =
    "id, event_type, environment_id, subject, raised_at_ms, data, repeats, status, attempts, due_at_ms,
    last_error";

/// PostgreSQL must be told which index conflicts, `operational_conditions_by_subject`.
const OPEN_CONDITION: sql::Text = sql::each(
    "INSERT INTO operational_conditions (event_type, environment_id, subject, since_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms",
    "INSERT INTO operational_conditions (event_type, environment_id, subject, since_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (event_type, subject, coalesce(environment_id, 0)) DO UPDATE SET since_ms = excluded.since_ms",
);

/// The statuses as they are stored. The numbers are part of the schema: never change one.
fn of_status(status: OperationalEventStatus) -> i64 {
    match status {
        OperationalEventStatus::Pending => 0,
        OperationalEventStatus::Delivered => 1,
        OperationalEventStatus::Dead => 2,
        OperationalEventStatus::Unsent => 3,
    }
}

fn status(code: i64) -> Result<OperationalEventStatus, sqlx::Error> {
    let mut all = OperationalEventStatus::ALL.into_iter();
    all.find(|status| of_status(*status) == code).ok_or_else(|| codes::unknown("status", code))
}

impl Execute<RaiseOperationalEvent> for WriteConnection {
    async fn execute(
        &mut self,
        RaiseOperationalEvent { event, rule }: RaiseOperationalEvent,
    ) -> Result<Raised, CommitError> {
        let raised =
            transaction::run(self.connection.plain(), async |connection| Ok(raise(connection, &event, rule).await?));
        Ok(raised.await?)
    }
}

/// Raises an event. Call it in a transaction.
pub(crate) async fn raise(
    connection: &mut sql::Connection<'_>,
    event: &OperationalEvent,
    rule: RaiseRule,
) -> Result<Raised, sqlx::Error> {
    let now_ms: i64 = sql::query_scalar(concat!("SELECT ", now_ms!())).fetch_one(&mut *connection).await?;
    let environment = event.environment.as_ref().map(|EventEnvironment { id, .. }| *id);
    let last = sql::query(
        "SELECT id, raised_at_ms, repeats FROM operational_events
         WHERE event_type = ? AND subject = ? AND environment_id IS NOT DISTINCT FROM ? ORDER BY id DESC LIMIT 1",
    )
    .bind(event.event_type.as_str())
    .bind(&event.subject)
    .bind(environment)
    .fetch_optional(&mut *connection)
    .await?;
    let mut repeated = 0;
    if let Some(last) = last {
        let (id, raised_at_ms): (Vec<u8>, i64) = (last.try_get(0)?, last.try_get(1)?);
        let wait_ms = raised_at_ms + QUIET_MS - now_ms;
        // If the clock went back, the last one says nothing.
        if rule != RaiseRule::Always && (1..=QUIET_MS).contains(&wait_ms) {
            if rule == RaiseRule::Rarely {
                let sql = "UPDATE operational_events SET repeats = repeats + 1 WHERE id = ?";
                sql::query(sql).bind(id).execute(&mut *connection).await?;
            }
            return Ok(Raised::TooSoon { wait: Duration::from_millis(wait_ms.unsigned_abs()) });
        }
        repeated = last.try_get(2)?;
    }
    let dropped = make_room(connection).await?;
    let id = next_id(connection).await?;
    sql::query(
        "INSERT INTO operational_events (id, event_type, environment_id, subject, raised_at_ms, data, dropped, due_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5)",
    )
    .bind(id.as_bytes().as_slice())
    .bind(event.event_type.as_str())
    .bind(environment)
    .bind(&event.subject)
    .bind(now_ms)
    .bind(event.data(repeated, dropped))
    .bind(dropped)
    .execute(&mut *connection)
    .await?;
    if rule == RaiseRule::OpensCondition {
        sql::query(OPEN_CONDITION)
            .bind(event.event_type.as_str())
            .bind(environment)
            .bind(&event.subject)
            .bind(now_ms)
            .execute(connection)
            .await?;
    }
    Ok(Raised::New(id))
}

/// Deletes the oldest events beyond the limit. Returns the number of those that were not sent, which the next one tells.
async fn make_room(connection: &mut sql::Connection<'_>) -> Result<i64, sqlx::Error> {
    let rows = sql::query(
        "DELETE FROM operational_events WHERE id IN (
             SELECT id FROM operational_events ORDER BY id
             LIMIT max(0, (SELECT count(*) FROM operational_events) - ? + 1))
         RETURNING CASE WHEN due_at_ms IS NOT NULL THEN 1 + dropped ELSE 0 END",
    )
    .bind(MAX_EVENTS)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| row.try_get::<i64>(0)).sum()
}

/// Returns an id that is greater than all before it, even if the system's clock went back.
async fn next_id(connection: &mut sql::Connection<'_>) -> Result<Uuid, sqlx::Error> {
    let last =
        sql::query("SELECT id FROM operational_events ORDER BY id DESC LIMIT 1").fetch_optional(connection).await?;
    let after_last = last.map(|row| uuids::read(&row, 0)).transpose()?.map(|last| Uuid::from_u128(last.as_u128() + 1));
    Ok(after_last.unwrap_or_default().max(Uuid::now_v7()))
}

/// Returns a page of events, the newest first.
pub(crate) async fn page(
    readers: &sql::Pool,
    query: &OperationalEventQuery,
) -> Result<Page<OperationalEventRecord>, sqlx::Error> {
    let range = uuids::Range::of(&query.cursor);
    let mut sql = format!("SELECT {COLUMNS} FROM operational_events WHERE id >= ? AND id < ?");
    let mut values = vec![range.from().into_value(), range.to().into_value()];
    if let Some(ids) = &query.environment_ids {
        match ids.len() {
            // SQLite alone knows an empty list.
            0 => sql.push_str(" AND false"),
            // Writing to a string cannot fail.
            count => _ = write!(sql, " AND environment_id IN ({})", vec!["?"; count].join(", ")),
        }
        values.extend(ids.iter().map(|id| id.into_value()));
    }
    if let Some(event_type) = query.event_type {
        sql.push_str(" AND event_type = ?");
        values.push(event_type.as_str().into_value());
    }
    let is_newer = matches!(query.cursor, Cursor::Before(_));
    sql.push_str(if is_newer { " ORDER BY id LIMIT ?" } else { " ORDER BY id DESC LIMIT ?" });
    values.push((query.limit as i64 + 1).into_value());
    let rows = sql::query_with(sql, values).fetch_all(readers).await?;
    let found = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of_found(found, query.limit, &query.cursor))
}

/// Returns one event.
pub(crate) async fn one(readers: &sql::Pool, id: Uuid) -> Result<Option<OperationalEventRecord>, sqlx::Error> {
    let row = sql::query(format!("SELECT {COLUMNS} FROM operational_events WHERE id = ?"))
        .bind(id.as_bytes().as_slice())
        .fetch_optional(readers)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &sql::Row) -> Result<OperationalEventRecord, sqlx::Error> {
    Ok(OperationalEventRecord {
        id: uuids::read(row, 0)?,
        event_type: row.try_get(1)?,
        environment_id: row.try_get(2)?,
        subject: row.try_get(3)?,
        raised_at_ms: row.try_get(4)?,
        data: row.try_get(5)?,
        repeats: row.try_get(6)?,
        status: status(row.try_get(7)?)?,
        attempts: row.try_get(8)?,
        due_at_ms: row.try_get(9)?,
        last_error: row.try_get(10)?,
    })
}

/// Returns the open conditions. Those of a type that this server does not know are left out.
pub(crate) async fn conditions(readers: &sql::Pool) -> Result<Vec<OpenCondition>, sqlx::Error> {
    let rows =
        sql::query("SELECT event_type, environment_id, subject, since_ms FROM operational_conditions ORDER BY id")
            .fetch_all(readers)
            .await?;
    let read = |row: &sql::Row| {
        let Some(event_type) = OperationalEventType::parse(row.try_get(0)?) else { return Ok(None) };
        let (environment_id, subject, since_ms) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        Ok(Some(OpenCondition { event_type, environment_id, subject, since_ms }))
    };
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Returns events that are due to be sent.
pub(crate) async fn due(readers: &sql::Pool, limit: u32) -> Result<Vec<DueOperationalEvent>, sqlx::Error> {
    let rows = sql::query(format!(
        "SELECT {COLUMNS}, max(0, {now} - raised_at_ms) FROM operational_events
         WHERE due_at_ms <= {now} ORDER BY due_at_ms, id LIMIT ?",
        now = now_ms!()
    ))
    .bind(limit)
    .fetch_all(readers)
    .await?;
    let read = |row: &sql::Row| {
        let age_ms: i64 = row.try_get(11)?;
        Ok(DueOperationalEvent { record: read(row)?, age: Duration::from_millis(age_ms.unsigned_abs()) })
    };
    rows.iter().map(read).collect()
}

/// Counts the events that are to be sent.
pub(crate) async fn pending(readers: &sql::Pool) -> Result<u64, sqlx::Error> {
    let count: i64 = sql::query_scalar("SELECT count(*) FROM operational_events WHERE due_at_ms IS NOT NULL")
        .fetch_one(readers)
        .await?;
    Ok(count.unsigned_abs())
}

/// Returns the time until the next event is due.
pub(crate) async fn due_in(readers: &sql::Pool) -> Result<Option<Duration>, sqlx::Error> {
    let wait_ms: Option<i64> = sql::query_scalar(concat!(
        "SELECT max(0, min(due_at_ms) - ",
        now_ms!(),
        ") FROM operational_events WHERE due_at_ms IS NOT NULL"
    ))
    .fetch_one(readers)
    .await?;
    Ok(wait_ms.map(|wait_ms| Duration::from_millis(wait_ms.unsigned_abs())))
}

impl Execute<CloseOperationalConditions> for WriteConnection {
    async fn execute(&mut self, operation: CloseOperationalConditions) -> Result<(), CommitError> {
        transaction::run(self.connection.plain(), async |connection| {
            for condition in &operation.conditions {
                sql::query(
                    "DELETE FROM operational_conditions
                     WHERE event_type = ? AND subject = ? AND environment_id IS NOT DISTINCT FROM ?",
                )
                .bind(condition.event_type.as_str())
                .bind(&condition.subject)
                .bind(condition.environment_id)
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        })
        .await?;
        Ok(())
    }
}

impl Execute<EndOperationalAttempt> for WriteConnection {
    async fn execute(
        &mut self,
        EndOperationalAttempt { id, attempt }: EndOperationalAttempt,
    ) -> Result<(), CommitError> {
        let (status, after, reason) = match attempt {
            OperationalAttempt::Delivered => (OperationalEventStatus::Delivered, None, None),
            OperationalAttempt::Retry { after, reason } => (OperationalEventStatus::Pending, Some(after), Some(reason)),
            OperationalAttempt::Dead { reason } => (OperationalEventStatus::Dead, None, Some(reason)),
        };
        let after_ms = after.map(|after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4));
        sql::query(concat!(
            "UPDATE operational_events SET attempts = attempts + 1, status = ?2, last_error = ?4, due_at_ms = ",
            now_ms!(),
            " + ?3 WHERE id = ?1 AND due_at_ms IS NOT NULL"
        ))
        .bind(id.as_bytes().as_slice())
        .bind(of_status(status))
        .bind(after_ms)
        .bind(reason)
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<LeaveOperationalEventsUnsent> for WriteConnection {
    async fn execute(&mut self, _: LeaveOperationalEventsUnsent) -> Result<(), CommitError> {
        sql::query("UPDATE operational_events SET status = ?, due_at_ms = NULL WHERE due_at_ms IS NOT NULL")
            .bind(of_status(OperationalEventStatus::Unsent))
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}
