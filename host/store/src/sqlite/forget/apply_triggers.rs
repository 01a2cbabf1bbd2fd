//! Removing what names a user from runs and from triggers that wait.

use std::collections::HashSet;

use inlet_core::Uuid;

use super::deliveries::{Concerned, forget_deliveries};
use crate::{
    records::{ForgetCounts, ForgottenTriggers},
    sql,
    sqlite::error::SqliteError,
};

/// Removes the user from runs: what they got from the user's events, and the user as a recipient or in another part.
pub(super) async fn forget_runs(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    found: &ForgottenTriggers<Uuid>,
    recipients: &[(Uuid, i64)],
) -> Result<ForgetCounts, SqliteError> {
    let mut counts = ForgetCounts::default();
    for run in &found.of_user {
        counts.runs += forget_run(connection, environment, *run, &mut counts.deliveries).await?;
    }
    for (run, ordinal) in recipients {
        let was_canceled: Option<bool> = sql::query_scalar(
            "DELETE FROM workflow_run_recipients WHERE run_id = ? AND ordinal = ?
             RETURNING canceled_at_ms IS NOT NULL",
        )
        .bind(run.as_bytes().as_slice())
        .bind(ordinal)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(was_canceled) = was_canceled else { continue };
        counts.run_recipients += 1;
        counts.deliveries += forget_deliveries(connection, *run, Concerned::Recipient(*ordinal)).await?;
        sql::query(
            "UPDATE workflow_runs
             SET recipients_count = recipients_count - 1, canceled_recipients = max(canceled_recipients - ?, 0)
             WHERE environment_id = ? AND id = ?",
        )
        .bind(i64::from(was_canceled))
        .bind(environment)
        .bind(run.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    }
    let mut changed: HashSet<Uuid> = HashSet::new();
    for (column, runs) in columns(found) {
        let sql = format!("UPDATE workflow_runs SET {column} = NULL WHERE environment_id = ? AND id = ?");
        for run in runs {
            let update = sql::query(sql.clone()).bind(environment).bind(run.as_bytes().as_slice());
            if update.execute(&mut *connection).await?.rows_affected() > 0 {
                changed.insert(*run);
                counts.deliveries += forget_deliveries(connection, *run, Concerned::All { with_data: false }).await?;
            }
        }
    }
    counts.runs += changed.len() as u64;
    Ok(counts)
}

/// Removes what a run got from its event; returns 0 if that was done before. Its recipients stay. `deliveries` counts those of
/// the run that lost their content.
pub(super) async fn forget_run(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    run: Uuid,
    deliveries: &mut u64,
) -> Result<u64, SqliteError> {
    let id = run.as_bytes().as_slice();
    sql::query("UPDATE workflow_run_recipients SET trigger_data = NULL WHERE run_id = ? AND trigger_data IS NOT NULL")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    let cleared = sql::query(
        "UPDATE workflow_runs SET data = '{}', actor = NULL, tenant = NULL, cancellation_key = NULL
         WHERE environment_id = ? AND id = ? AND (
             data <> '{}' OR actor IS NOT NULL OR tenant IS NOT NULL OR cancellation_key IS NOT NULL)",
    )
    .bind(environment)
    .bind(id)
    .execute(&mut *connection)
    .await?;
    *deliveries += forget_deliveries(connection, run, Concerned::All { with_data: true }).await?;
    Ok(cleared.rows_affected())
}

/// Removes the user from triggers that wait for others; returns the number of changed ones.
pub(super) async fn forget_waiting(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    found: &ForgottenTriggers<(Uuid, Uuid)>,
) -> Result<u64, sqlx::Error> {
    for (event, mapping) in &found.of_user {
        for sql in [
            "UPDATE parked_recipients SET trigger_data = NULL
             WHERE environment_id = ? AND event_id = ? AND mapping = ? AND (trigger_data IS NOT NULL OR run_id IS NOT NULL)",
            "UPDATE parked_triggers SET data = '{}', actor = NULL, tenant = NULL, cancellation_key = NULL
             WHERE environment_id = ? AND event_id = ? AND mapping = ?",
        ] {
            let update = sql::query(sql).bind(environment);
            let update = update.bind(event.as_bytes().as_slice()).bind(mapping.as_bytes().as_slice());
            update.execute(&mut *connection).await?;
        }
    }
    let mut changed: HashSet<&(Uuid, Uuid)> = found.of_user.iter().collect();
    for (column, triggers) in columns(found) {
        let sql = format!(
            "UPDATE parked_triggers SET {column} = NULL WHERE environment_id = ? AND event_id = ? AND mapping = ?"
        );
        for trigger @ (event, mapping) in triggers {
            let update = sql::query(sql.clone()).bind(environment);
            let update = update.bind(event.as_bytes().as_slice()).bind(mapping.as_bytes().as_slice());
            if update.execute(&mut *connection).await?.rows_affected() > 0 {
                changed.insert(trigger);
            }
        }
    }
    Ok(changed.len() as u64)
}

/// Returns the columns of a run or of a trigger that name the user.
fn columns<K>(found: &ForgottenTriggers<K>) -> [(&'static str, &[K]); 3] {
    [("actor", &found.actors), ("tenant", &found.tenants), ("cancellation_key", &found.cancellation_keys)]
}
