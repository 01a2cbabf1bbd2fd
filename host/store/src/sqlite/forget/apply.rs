//! Removing what names a user: one slice of one walk, in one transaction with the walk's position.

use inlet_core::{
    Uuid,
    idempotency::{HashKey, RecordId, ScopedKey},
    json,
};
use sqlx::{Row, SqliteConnection};

use super::{erase::overwriting, requests};
use crate::{
    backend::Execute,
    error::CommitError,
    operations::ForgetRows,
    records::{ForgetCounts, ForgetFound, ForgetSlice, ForgetWalk, ForgottenEvents, ForgottenRuns},
    sqlite::{idempotency::SharedIndex, write_connection::WriteConnection},
};

impl Execute<ForgetRows> for WriteConnection {
    async fn execute(&mut self, operation: ForgetRows) -> Result<ForgetCounts, CommitError> {
        let index = self.caches.idempotency.index().clone();
        Ok(overwriting(self.connection.plain(), async |connection| Ok(forget(connection, &index, &operation).await?))
            .await?)
    }
}

/// Returns the counts of the slice. Does nothing if the request is gone with its environment.
async fn forget(
    connection: &mut SqliteConnection,
    index: &SharedIndex,
    operation: &ForgetRows,
) -> Result<ForgetCounts, sqlx::Error> {
    let ForgetRows { environment_id, id, slice: ForgetSlice { walk, last, found }, hash_key } = operation;
    let Some(mut record) = requests::progress(connection, *environment_id, *id).await? else {
        return Ok(ForgetCounts::default());
    };
    let counts = match (walk, found) {
        (ForgetWalk::Events(source_environment), ForgetFound::Events(events)) => {
            let place = Place { environment: *environment_id, source_environment: *source_environment };
            forget_events(connection, index, hash_key, place, events).await?
        }
        (ForgetWalk::Refused(source_environment), ForgetFound::Requests(ids)) => {
            let refused_requests = each(connection, CLEAR_REFUSED, *source_environment, ids).await?;
            ForgetCounts { refused_requests, ..ForgetCounts::default() }
        }
        (ForgetWalk::Kept(source_environment), ForgetFound::Requests(ids)) => {
            let kept_requests = each(connection, DELETE_KEPT, *source_environment, ids).await?;
            ForgetCounts { kept_requests, ..ForgetCounts::default() }
        }
        (_, ForgetFound::Runs(runs)) => forget_runs(connection, *environment_id, runs).await?,
        // No walk finds what another one is for.
        (_, ForgetFound::Events(_) | ForgetFound::Requests(_)) => ForgetCounts::default(),
    };
    record.counts += counts;
    record.positions.insert(walk.to_string(), *last);
    requests::set_progress(connection, &record).await?;
    Ok(counts)
}

const CLEAR_REFUSED: &str = "UPDATE refused_requests
    SET body = NULL, headers = NULL, query = NULL, path = NULL, credential_hash = NULL, reason = NULL
    WHERE source_environment_id = ? AND id = ?";
const DELETE_KEPT: &str = "DELETE FROM kept_requests WHERE source_environment_id = ? AND id = ?";

/// Runs a statement for every id; returns the number of changed rows.
async fn each(connection: &mut SqliteConnection, sql: &'static str, of: i64, ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    let mut changed = 0;
    for id in ids {
        changed +=
            sqlx::query(sql).bind(of).bind(id.as_bytes().as_slice()).execute(&mut *connection).await?.rows_affected();
    }
    Ok(changed)
}

#[derive(Clone, Copy)]
struct Place {
    environment: i64,
    source_environment: i64,
}

async fn forget_events(
    connection: &mut SqliteConnection,
    index: &SharedIndex,
    hash_key: &HashKey,
    place: Place,
    events: &ForgottenEvents,
) -> Result<ForgetCounts, sqlx::Error> {
    let mut counts = ForgetCounts::default();
    for id in &events.of_user {
        counts.events += u64::from(forget_event(connection, index, hash_key, place, *id, &mut counts).await?);
    }
    for id in &events.raw {
        counts.raw_bodies += u64::from(forget_event(connection, index, hash_key, place, *id, &mut counts).await?);
    }
    for (event, ordinal, result) in &events.results {
        let replaced = sqlx::query("UPDATE action_logs SET result = ? WHERE event_id = ? AND ordinal = ?")
            .bind(result)
            .bind(event.as_bytes().as_slice())
            .bind(ordinal)
            .execute(&mut *connection)
            .await?;
        counts.action_results += replaced.rows_affected();
    }
    Ok(counts)
}

/// Removes the content of an event, of its actions, of the runs that it caused, and of the request that is kept for it.
/// Returns true if the event was there.
async fn forget_event(
    connection: &mut SqliteConnection,
    index: &SharedIndex,
    hash_key: &HashKey,
    Place { environment, source_environment }: Place,
    id: Uuid,
    counts: &mut ForgetCounts,
) -> Result<bool, sqlx::Error> {
    let id = id.as_bytes().as_slice();
    let event =
        sqlx::query("SELECT event_type, idempotency_key FROM event_logs WHERE source_environment_id = ? AND id = ?")
            .bind(source_environment)
            .bind(id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(event) = event else { return Ok(false) };
    if let Some(key) = event.try_get::<Option<String>, _>(1)? {
        let scoped = ScopedKey::new(hash_key, source_environment, event.try_get(0)?, key, 0, 0);
        counts.idempotency_keys += forget_key(connection, index, scoped.id).await?;
    }
    let results: Vec<String> =
        sqlx::query_scalar("SELECT result FROM action_logs WHERE event_id = ? AND result IS NOT NULL")
            .bind(id)
            .fetch_all(&mut *connection)
            .await?;
    for run in results.iter().flat_map(|result| runs_of(result)) {
        counts.runs += forget_run(connection, environment, run).await?;
    }
    sqlx::query(
        "UPDATE action_logs SET payload = '', result = NULL, reason = NULL, warnings = NULL WHERE event_id = ?",
    )
    .bind(id)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE event_logs
         SET original_kind = 3, original = x'', data = NULL, data_at = NULL, data_len = NULL, headers = NULL,
             guest_logs = NULL, notes = NULL, reason = NULL, user_id = NULL, idempotency_key = NULL
         WHERE source_environment_id = ? AND id = ?",
    )
    .bind(source_environment)
    .bind(id)
    .execute(&mut *connection)
    .await?;
    forget_waits(connection, environment, id).await?;
    // Nothing is left that could be repaired.
    let request: Option<Option<Vec<u8>>> = sqlx::query_scalar(
        "UPDATE attention SET open = 0, due_at_ms = NULL WHERE source_environment_id = ? AND event_id = ?
         RETURNING request_id",
    )
    .bind(source_environment)
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(request) = request.flatten() {
        let deleted = sqlx::query(DELETE_KEPT).bind(source_environment).bind(request).execute(connection).await?;
        counts.kept_requests += deleted.rows_affected();
    }
    Ok(true)
}

/// Removes what triggers of an event that wait for recipients have of it. They go on waiting.
async fn forget_waits(connection: &mut SqliteConnection, environment: i64, event: &[u8]) -> Result<(), sqlx::Error> {
    let waiting = sqlx::query(
        "UPDATE parked_triggers SET data = '{}', actor = NULL, tenant = NULL, cancellation_key = NULL
         WHERE environment_id = ? AND event_id = ?",
    )
    .bind(environment)
    .bind(event)
    .execute(&mut *connection)
    .await?;
    // No index finds the recipients of an event: few events have any.
    if waiting.rows_affected() > 0 {
        sqlx::query(
            "UPDATE parked_recipients SET trigger_data = NULL
             WHERE environment_id = ? AND event_id = ? AND trigger_data IS NOT NULL",
        )
        .bind(environment)
        .bind(event)
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Returns the runs that the result of a trigger names: one, or all of a trigger that was split.
fn runs_of(result: &str) -> Vec<Uuid> {
    let all = json::member(result, "workflow_run_ids").and_then(json::items);
    let runs = all.or_else(|| json::member(result, "workflow_run_id").map(|run| vec![run])).unwrap_or_default();
    runs.into_iter().filter_map(|run| Uuid::try_parse(&json::string(run)?).ok()).collect()
}

/// Removes what a run got from its event. Its other recipients stay.
async fn forget_run(connection: &mut SqliteConnection, environment: i64, run: Uuid) -> Result<u64, sqlx::Error> {
    let id = run.as_bytes().as_slice();
    sqlx::query("UPDATE workflow_run_recipients SET trigger_data = NULL WHERE run_id = ? AND trigger_data IS NOT NULL")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    let cleared = sqlx::query(
        "UPDATE workflow_runs SET data = '{}', actor = NULL, tenant = NULL, cancellation_key = NULL
         WHERE environment_id = ? AND id = ?",
    )
    .bind(environment)
    .bind(id)
    .execute(connection)
    .await?;
    Ok(cleared.rows_affected())
}

async fn forget_key(connection: &mut SqliteConnection, index: &SharedIndex, id: RecordId) -> Result<u64, sqlx::Error> {
    crate::sqlite::idempotency::remove_key(connection, index, id).await
}

async fn forget_runs(
    connection: &mut SqliteConnection,
    environment: i64,
    runs: &ForgottenRuns,
) -> Result<ForgetCounts, sqlx::Error> {
    let mut counts = ForgetCounts::default();
    for (run, ordinal) in &runs.recipients {
        let was_canceled: Option<bool> = sqlx::query_scalar(
            "DELETE FROM workflow_run_recipients WHERE run_id = ? AND ordinal = ?
             RETURNING canceled_at_ms IS NOT NULL",
        )
        .bind(run.as_bytes().as_slice())
        .bind(ordinal)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(was_canceled) = was_canceled else { continue };
        counts.run_recipients += 1;
        sqlx::query(
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
    for (sql, ids) in [
        ("UPDATE workflow_runs SET actor = NULL WHERE environment_id = ? AND id = ?", &runs.actors),
        ("UPDATE workflow_runs SET tenant = NULL WHERE environment_id = ? AND id = ?", &runs.tenants),
        (
            "UPDATE workflow_runs SET cancellation_key = NULL WHERE environment_id = ? AND id = ?",
            &runs.cancellation_keys,
        ),
    ] {
        counts.runs += each(connection, sql, environment, ids).await?;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_that_was_split_names_all_of_its_runs() {
        let [first, second] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let split = format!(r#"{{"workflow_run_id":"{first}","workflow_run_ids":["{first}","{second}"]}}"#);
        assert_eq!(runs_of(&split), [first, second]);
        assert_eq!(runs_of(&format!(r#"{{"workflow_run_id":"{first}"}}"#)), [first]);
        assert!(runs_of(r#"{"workflow_run_id":null}"#).is_empty());
    }
}
