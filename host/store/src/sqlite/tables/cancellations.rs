//! Going on with cancellations that found more runs, or more deliveries of them, than a transaction takes.

use inlet_core::{json, world::OpenRuns};
use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::ContinueCancellation,
    sql,
    sqlite::{
        caches::Targets,
        error::SqliteError,
        outbox::{self, cancel::CanceledDeliveries},
        statements::{runner::StatementRunner, transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// Returns true if there is an unfinished cancellation, of runs or of deliveries.
pub(crate) async fn any(readers: &sql::Pool) -> Result<bool, sqlx::Error> {
    sql::query_scalar("SELECT EXISTS (SELECT 1 FROM cancellations) OR EXISTS (SELECT 1 FROM canceled_run_deliveries)")
        .fetch_one(readers)
        .await
}

impl Execute<ContinueCancellation> for WriteConnection {
    async fn execute(&mut self, _: ContinueCancellation) -> Result<bool, CommitError> {
        let clock = self.clock.clone();
        let now_ms = clock.transaction_time().system_ms;
        let targets = &mut self.caches.targets;
        let has_more = transaction::run(self.connection.plain(), async |connection| {
            targets.make_sure(&mut StatementRunner::Plain(connection.lend())).await?;
            let new_id = &mut || clock.new_id();
            match slice(connection, targets, now_ms, new_id).await? {
                true => Ok(true),
                false => {
                    outbox::cancel_rest::slice(&mut StatementRunner::Plain(connection.lend()), targets, new_id).await
                }
            }
        })
        .await;
        match &has_more {
            Ok(_) => self.announce_deliveries(),
            Err(_) => _ = self.caches.targets.take_written(),
        }
        Ok(has_more?)
    }
}

/// The oldest unfinished cancellation.
struct Unfinished {
    id: i64,
    environment: i64,
    workflow: String,
    cancellation_key: String,
    recipients: Option<String>,
    event: Vec<u8>,
    after: Vec<u8>,
    before: Vec<u8>,
}

/// A run to cancel.
struct Open {
    id: Vec<u8>,
    /// The number of recipients that are not canceled.
    recipients: u64,
}

/// Cancels the next runs of the oldest cancellation; returns false if there is none.
async fn slice(
    connection: &mut sql::Connection<'_>,
    targets: &mut Targets,
    now_ms: i64,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<bool, SqliteError> {
    let Some(unfinished) = oldest(connection).await? else { return Ok(false) };
    let limit = match &unfinished.recipients {
        None => OpenRuns::MAX_RUNS,
        Some(recipients) => {
            let recipients = json::items(recipients).map_or(0, |recipients| recipients.len());
            (OpenRuns::MAX_LOOK_UPS / recipients.max(1)).clamp(1, OpenRuns::MAX_RUNS)
        }
    };
    let runs = open(connection, &unfinished, limit).await?;
    let mut budget = outbox::cancel_rest::MAX_DELIVERIES;
    for run in &runs {
        let Some(recipients) = cancel(connection, &unfinished, run, now_ms).await? else { continue };
        let canceled = CanceledDeliveries {
            environment: unfinished.environment,
            run: uuids::parse(0, &run.id)?,
            event: uuids::parse(0, &unfinished.event)?,
            recipients: recipients.as_deref(),
        };
        let statements = &mut StatementRunner::Plain(connection.lend());
        outbox::cancel::cancel(statements, targets, &[canceled], &mut budget, new_id).await?;
    }
    match runs.last().filter(|_| runs.len() == limit) {
        Some(last) => {
            sql::query("UPDATE cancellations SET after_run = ? WHERE id = ?")
                .bind(&last.id)
                .bind(unfinished.id)
                .execute(connection)
                .await?
        }
        None => sql::query("DELETE FROM cancellations WHERE id = ?").bind(unfinished.id).execute(connection).await?,
    };
    Ok(true)
}

async fn oldest(connection: &mut sql::Connection<'_>) -> Result<Option<Unfinished>, sqlx::Error> {
    let row = sql::query(
        "SELECT id, environment_id, workflow, cancellation_key, recipients, event, after_run, before_run
         FROM cancellations ORDER BY id LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Unfinished {
            id: row.try_get(0)?,
            environment: row.try_get(1)?,
            workflow: row.try_get(2)?,
            cancellation_key: row.try_get(3)?,
            recipients: row.try_get(4)?,
            event: row.try_get(5)?,
            after: row.try_get(6)?,
            before: row.try_get(7)?,
        })
    })
    .transpose()
}

async fn open(
    connection: &mut sql::Connection<'_>,
    unfinished: &Unfinished,
    limit: usize,
) -> Result<Vec<Open>, sqlx::Error> {
    let rows = sql::query(
        "SELECT id, recipients_count - canceled_recipients FROM workflow_runs
         WHERE environment_id = ? AND workflow = ? AND cancellation_key = ? AND canceled_at_ms IS NULL
             AND id > ? AND id < ? ORDER BY id LIMIT ?",
    )
    .bind(unfinished.environment)
    .bind(&unfinished.workflow)
    .bind(&unfinished.cancellation_key)
    .bind(&unfinished.after)
    .bind(&unfinished.before)
    .bind(limit as i64)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(Open { id: row.try_get(0)?, recipients: row.try_get::<i64>(1)?.unsigned_abs() })).collect()
}

/// Cancels a run: wholly, or those of its recipients that the cancellation names. Returns the positions of the canceled
/// recipients, none of them if the whole run is canceled; none if nothing was canceled.
async fn cancel(
    connection: &mut sql::Connection<'_>,
    unfinished: &Unfinished,
    run: &Open,
    now_ms: i64,
) -> Result<Option<Option<Vec<i64>>>, sqlx::Error> {
    let mut canceled: Vec<i64> = Vec::new();
    if let Some(recipients) = &unfinished.recipients {
        canceled = sql::query_scalar(sql::each(
            "UPDATE workflow_run_recipients SET canceled_at_ms = ?1, canceled_by = ?2 WHERE (run_id, ordinal) IN (
                 SELECT open.run_id, open.ordinal FROM json_each(?4) AS wanted
                     CROSS JOIN workflow_run_recipients AS open INDEXED BY workflow_run_recipients_open
                         ON open.run_id = ?3 AND open.id = wanted.value ->> 1 AND open.collection IS wanted.value ->> 0
                 WHERE open.is_cancelable IS NOT NULL AND open.canceled_at_ms IS NULL)
             RETURNING ordinal",
            "UPDATE workflow_run_recipients SET canceled_at_ms = ?1, canceled_by = ?2 WHERE (run_id, ordinal) IN (
                 SELECT open.run_id, open.ordinal FROM json_array_elements(readable_json(?4)) AS wanted (value)
                     CROSS JOIN workflow_run_recipients AS open
                         ON open.run_id = ?3 AND open.id = (wanted.value ->> 1)
                         AND open.collection IS NOT DISTINCT FROM (wanted.value ->> 0)
                 WHERE open.is_cancelable IS NOT NULL AND open.canceled_at_ms IS NULL)
             RETURNING ordinal",
        ))
        .bind(now_ms)
        .bind(&unfinished.event)
        .bind(&run.id)
        .bind(recipients)
        .fetch_all(&mut *connection)
        .await?;
        if canceled.is_empty() {
            return Ok(None);
        }
    }
    let is_whole = unfinished.recipients.is_none() || canceled.len() as u64 == run.recipients;
    sql::query(
        "UPDATE workflow_runs SET canceled_recipients = canceled_recipients + ?1,
             canceled_at_ms = CASE WHEN ?2 = 1 THEN ?3 END, canceled_by = CASE WHEN ?2 = 1 THEN ?4 END
         WHERE environment_id = ?5 AND id = ?6",
    )
    .bind(canceled.len() as i64)
    .bind(is_whole)
    .bind(now_ms)
    .bind(&unfinished.event)
    .bind(unfinished.environment)
    .bind(&run.id)
    .execute(connection)
    .await?;
    Ok(Some((!is_whole).then_some(canceled)))
}
