//! Retention of logs: small slices, each a short transaction between groups, so that ingestion never waits for it.

use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::PruneLogs,
    records::{Pruned, uuid_time},
    sql,
    sqlite::{
        outbox::status,
        statements::{transaction, uuids},
        write_connection::WriteConnection,
    },
};

impl Execute<PruneLogs> for WriteConnection {
    async fn execute(&mut self, operation: PruneLogs) -> Result<(Pruned, Option<Uuid>), CommitError> {
        let PruneLogs { environment_id, cutoff_ms, limit, runs_after } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let mut pruned = slice(connection, environment_id, cutoff_ms, limit.into()).await?;
            let position = runs(connection, environment_id, cutoff_ms, limit.into(), runs_after, &mut pruned).await?;
            Ok((pruned, position))
        })
        .await?)
    }
}

async fn slice(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    cutoff_ms: i64,
    limit: i64,
) -> Result<Pruned, sqlx::Error> {
    let before = uuid_time::floor(cutoff_ms).as_bytes().to_vec();
    let source_environments: Vec<i64> =
        sql::query_scalar("SELECT id FROM source_environments WHERE environment_id = ?")
            .bind(environment)
            .fetch_all(&mut *connection)
            .await?;
    let mut pruned = Pruned::default();
    for source_environment in source_environments {
        let left = limit - pruned.events as i64;
        pruned.actions += delete(connection, ACTIONS, source_environment, &before, left).await?;
        pruned.events += delete(connection, EVENTS, source_environment, &before, left).await?;
        let left = limit - pruned.refused as i64;
        pruned.refused += delete(connection, REFUSED, source_environment, &before, left).await?;
        let left = limit - pruned.kept as i64;
        pruned.kept += delete(connection, KEPT, source_environment, &before, left).await?;
        // Each event has at most one row in each of these tables.
        for dependant in [ATTENTION, RERUNS, RESENDS, REPLAYS] {
            delete(connection, dependant, source_environment, &before, limit).await?;
        }
    }
    delete(connection, BULK_OPERATIONS, environment, &before, limit).await?;
    delete(connection, ISSUES, environment, &before, limit).await?;
    pruned.deliveries = delete_deliveries(connection, environment, &before, limit).await?;
    Ok(pruned)
}

/// Deletes old runs without open deliveries, among a bounded number of those after `after`. Returns the run after which
/// the next slice goes on; none if it begins at the oldest.
async fn runs(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    cutoff_ms: i64,
    limit: i64,
    after: Option<Uuid>,
    pruned: &mut Pruned,
) -> Result<Option<Uuid>, sqlx::Error> {
    let before = uuid_time::floor(cutoff_ms).as_bytes().to_vec();
    let from = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    let bound = |sql: sql::Text| sql::query(sql).bind(environment).bind(&before).bind(limit).bind(&from);
    let last = bound(LAST_LOOKED_AT.into()).fetch_optional(&mut *connection).await?;
    pruned.recipients = bound(RECIPIENTS).execute(&mut *connection).await?.rows_affected();
    // Runs go once their recipients are gone.
    let limit = limit.unsigned_abs();
    if pruned.recipients >= limit * RECIPIENTS_FACTOR {
        return Ok(after);
    }
    pruned.runs = bound(RUNS).execute(&mut *connection).await?.rows_affected();
    if pruned.runs >= limit {
        return Ok(after);
    }
    pruned.has_more_runs = last.is_some();
    last.map(|row| uuids::read(&row, 0)).transpose()
}

// Each statement selects the oldest rows by the primary key, which sorts by time. Dependants go first and select the
// same rows.
const ACTIONS: &str = "DELETE FROM action_logs WHERE event_id IN (
    SELECT id FROM event_logs WHERE source_environment_id = ? AND id < ? ORDER BY id LIMIT ?)";
const EVENTS: &str = "DELETE FROM event_logs WHERE rowid IN (
    SELECT rowid FROM event_logs WHERE source_environment_id = ? AND id < ? ORDER BY id LIMIT ?)";
const REFUSED: &str = "DELETE FROM refused_requests WHERE source_environment_id = ?1 AND id IN (
    SELECT id FROM refused_requests WHERE source_environment_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3)";
const KEPT: &str = "DELETE FROM kept_requests WHERE source_environment_id = ?1 AND id IN (
    SELECT id FROM kept_requests WHERE source_environment_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3)";
const ATTENTION: &str = "DELETE FROM attention WHERE source_environment_id = ?1 AND event_id IN (
    SELECT event_id FROM attention WHERE source_environment_id = ?1 AND event_id < ?2 ORDER BY event_id LIMIT ?3)";
const RERUNS: &str = "DELETE FROM reruns WHERE source_environment_id = ?1 AND event_id IN (
    SELECT event_id FROM reruns WHERE source_environment_id = ?1 AND event_id < ?2 ORDER BY event_id LIMIT ?3)";
const RESENDS: &str = "DELETE FROM resends WHERE source_environment_id = ?1 AND event_id IN (
    SELECT event_id FROM resends WHERE source_environment_id = ?1 AND event_id < ?2 ORDER BY event_id LIMIT ?3)";
const REPLAYS: &str = "DELETE FROM replays WHERE source_environment_id = ?1 AND state <> 0 AND id IN (
    SELECT id FROM replays WHERE source_environment_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3)";
const BULK_OPERATIONS: &str = "DELETE FROM bulk_operations WHERE environment_id = ?1 AND id IN (
    SELECT id FROM bulk_operations WHERE environment_id = ?1 AND id < ?2 AND items IS NULL ORDER BY id LIMIT ?3)";
/// Those whose last entry is gone. A mute stays, because it is for what comes again.
const ISSUES: &str = "DELETE FROM issues WHERE id IN (
    SELECT id FROM issues WHERE environment_id = ? AND state <> 2 AND last_entry < ? LIMIT ?)";
/// The oldest runs without an open delivery, among the oldest ones after a run: a slice looks at a bounded number, whatever a
/// target that stands still keeps. SQLite finds them in their order; PostgreSQL needs to be told it.
macro_rules! old_runs {
    ($order:literal) => {
        concat!(
            "(SELECT run FROM
             (SELECT id AS run FROM workflow_runs
              WHERE environment_id = ?1 AND id < ?2 AND id > ?4 ORDER BY id LIMIT ?3 * 20) AS oldest
             WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE run_id = run AND finished_at_ms IS NULL)",
            $order,
            " LIMIT ?3) AS old_runs"
        )
    };
}

/// The last run of those that a slice looks at, if there may be more.
const LAST_LOOKED_AT: &str = "SELECT id FROM workflow_runs WHERE environment_id = ?1 AND id < ?2 AND id > ?4
    ORDER BY id LIMIT 1 OFFSET ?3 * 20 - 1";

// One run may have a thousand recipients: they are deleted by their own number.
macro_rules! recipients {
    ($order:literal) => {
        concat!(
            "DELETE FROM workflow_run_recipients WHERE (run_id, ordinal) IN (
             SELECT run_id, ordinal
             FROM (SELECT run AS run_id FROM ",
            old_runs!($order),
            ") AS runs CROSS JOIN workflow_run_recipients USING (run_id) LIMIT ?3 * 10)"
        )
    };
}
const RECIPIENTS: sql::Text = sql::each(recipients!(""), recipients!(" ORDER BY run"));
/// The number in [`RECIPIENTS`].
const RECIPIENTS_FACTOR: u64 = 10;
macro_rules! delete_runs {
    ($order:literal) => {
        concat!(
            "DELETE FROM workflow_runs WHERE environment_id = ?1 AND id IN (SELECT run FROM ",
            old_runs!($order),
            ")"
        )
    };
}
const RUNS: sql::Text = sql::each(delete_runs!(""), delete_runs!(" ORDER BY run"));

// Those that ended: open ones are kept, with their runs, until they end.
const ENDED_DELIVERIES: &str = "SELECT seq FROM deliveries WHERE environment_id = ? AND status = ? AND id < ?
    ORDER BY id LIMIT ?";

/// A deletion of the rows whose numbers are in a JSON array.
macro_rules! delete_listed {
    ($delete:literal) => {
        sql::each(
            concat!($delete, "(SELECT value FROM json_each(?))"),
            concat!($delete, "(SELECT value::bigint FROM json_array_elements_text(?::json) AS value)"),
        )
    };
}

/// Deletes at most `limit` deliveries that ended, with their bodies and attempts; returns their number.
async fn delete_deliveries(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    before: &[u8],
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let mut ended: Vec<i64> = Vec::new();
    for status in [status::DELIVERED, status::DEAD, status::CANCELED] {
        let left = limit - ended.len() as i64;
        let found = sql::query_scalar(ENDED_DELIVERIES).bind(environment).bind(status).bind(before).bind(left);
        ended.extend::<Vec<i64>>(found.fetch_all(&mut *connection).await?);
    }
    if ended.is_empty() {
        return Ok(0);
    }
    let numbers = format!("[{}]", ended.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
    for sql in [
        delete_listed!("DELETE FROM delivery_attempts WHERE delivery_seq IN "),
        delete_listed!("DELETE FROM delivery_bodies WHERE delivery_seq IN "),
        delete_listed!("DELETE FROM deliveries WHERE seq IN "),
    ] {
        sql::query(sql).bind(&numbers).execute(&mut *connection).await?;
    }
    Ok(ended.len() as u64)
}

async fn delete(
    connection: &mut sql::Connection<'_>,
    sql: &'static str,
    of: i64,
    before: &[u8],
    limit: i64,
) -> Result<u64, sqlx::Error> {
    if limit <= 0 {
        return Ok(0);
    }
    let done = sql::query(sql).bind(of).bind(before).bind(limit).execute(connection).await?;
    Ok(done.rows_affected())
}
