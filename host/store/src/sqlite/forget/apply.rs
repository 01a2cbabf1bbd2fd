//! Removing what names a user: one slice of one walk, in one transaction with the walk's position.

use inlet_core::{
    Uuid,
    idempotency::{HashKey, ScopedKey},
    json,
    recipient::RecipientKey,
};

use super::{
    apply_triggers::{forget_run, forget_runs, forget_waiting},
    erase::overwriting,
    requests,
};
use crate::{
    backend::Execute,
    error::CommitError,
    operations::ForgetRows,
    records::{ForgetCounts, ForgetFound, ForgetSlice, ForgetWalk, ForgottenAction, ForgottenEvents},
    sql,
    sqlite::{
        error::SqliteError, group_commit::rows::delete_recipients, idempotency::RecordPlaces,
        statements::runner::StatementRunner, write_connection::WriteConnection,
    },
};

impl Execute<ForgetRows> for WriteConnection {
    async fn execute(&mut self, operation: ForgetRows) -> Result<ForgetCounts, CommitError> {
        let places = self.caches.idempotency.places();
        Ok(overwriting(&mut self.connection.plain(), async |connection| forget(connection, &places, &operation).await)
            .await?)
    }
}

/// Returns the counts of the slice. Does nothing if the request is gone with its environment.
async fn forget(
    connection: &mut sql::Connection<'_>,
    places: &RecordPlaces,
    operation: &ForgetRows,
) -> Result<ForgetCounts, SqliteError> {
    let ForgetRows { environment_id, id, slice: ForgetSlice { walk, last, found }, hash_key } = operation;
    let Some(mut record) = requests::progress(connection, *environment_id, *id).await? else {
        return Ok(ForgetCounts::default());
    };
    let counts = match (walk, found) {
        (ForgetWalk::Events(source_environment), ForgetFound::Events(events)) => {
            let place = Place { environment: *environment_id, source_environment: *source_environment };
            if let Some(subject) = &record.subject
                && is_carried_out_again(connection, place, events, *id).await?
            {
                let user = RecipientKey::user(subject.id());
                delete_recipients(&mut StatementRunner::Plain(connection.lend()), &[(*environment_id, &user)]).await?;
            }
            forget_events(connection, places, hash_key, place, events).await?
        }
        (ForgetWalk::Refused(source_environment), ForgetFound::Requests(ids)) => {
            let refused_requests = each(connection, CLEAR_REFUSED, *source_environment, ids).await?;
            ForgetCounts { refused_requests, ..ForgetCounts::default() }
        }
        (ForgetWalk::Kept(source_environment), ForgetFound::Requests(ids)) => {
            let kept_requests = each(connection, DELETE_KEPT, *source_environment, ids).await?;
            ForgetCounts { kept_requests, ..ForgetCounts::default() }
        }
        (_, ForgetFound::Runs(runs, recipients)) => forget_runs(connection, *environment_id, runs, recipients).await?,
        (_, ForgetFound::Waits(waits)) => {
            ForgetCounts { waits: forget_waiting(connection, *environment_id, waits).await?, ..ForgetCounts::default() }
        }
        (_, ForgetFound::BulkOperations(found)) => forget_errors(connection, *environment_id, found).await?,
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
async fn each(
    connection: &mut sql::Connection<'_>,
    sql: &'static str,
    of: i64,
    ids: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let mut changed = 0;
    for id in ids {
        changed +=
            sql::query(sql).bind(of).bind(id.as_bytes().as_slice()).execute(&mut *connection).await?.rows_affected();
    }
    Ok(changed)
}

#[derive(Clone, Copy)]
struct Place {
    environment: i64,
    source_environment: i64,
}

async fn forget_events(
    connection: &mut sql::Connection<'_>,
    places: &RecordPlaces,
    hash_key: &HashKey,
    place: Place,
    events: &ForgottenEvents,
) -> Result<ForgetCounts, SqliteError> {
    let mut counts = ForgetCounts::default();
    for id in &events.of_user {
        counts.events += u64::from(forget_event(connection, places, hash_key, place, *id, &mut counts).await?);
    }
    for id in &events.raw {
        counts.raw_bodies += u64::from(forget_event(connection, places, hash_key, place, *id, &mut counts).await?);
    }
    for ForgottenAction { event, ordinal, result, warnings } in &events.actions {
        let replaced = sql::query(
            "UPDATE action_logs SET result = coalesce(?, result), warnings = coalesce(?, warnings)
             WHERE event_id = ? AND ordinal = ?",
        )
        .bind(result)
        .bind(warnings)
        .bind(event.as_bytes().as_slice())
        .bind(ordinal)
        .execute(&mut *connection)
        .await?;
        counts.action_results += replaced.rows_affected();
    }
    Ok(counts)
}

/// Returns true if an event of the user was carried out again after the request to forget it: it may have identified the
/// user anew.
async fn is_carried_out_again(
    connection: &mut sql::Connection<'_>,
    place: Place,
    events: &ForgottenEvents,
    request: Uuid,
) -> Result<bool, sqlx::Error> {
    for id in events.of_user.iter().filter(|id| **id > request) {
        let is_rerun =
            sql::query_scalar("SELECT EXISTS (SELECT 1 FROM reruns WHERE source_environment_id = ? AND event_id = ?)")
                .bind(place.source_environment)
                .bind(id.as_bytes().as_slice())
                .fetch_one(&mut *connection)
                .await?;
        if is_rerun {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Stores the errors of bulk operations without the user.
async fn forget_errors(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    found: &[(Uuid, String, u64)],
) -> Result<ForgetCounts, sqlx::Error> {
    let mut counts = ForgetCounts::default();
    for (id, errors, count) in found {
        let done = sql::query("UPDATE bulk_operations SET errors = ? WHERE environment_id = ? AND id = ?")
            .bind(errors)
            .bind(environment)
            .bind(id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
        counts.bulk_errors += done.rows_affected() * count;
    }
    Ok(counts)
}

/// Removes the content of an event, of its actions, of the runs that it caused, and of the request that is kept for it.
/// Returns true if the event was there.
async fn forget_event(
    connection: &mut sql::Connection<'_>,
    places: &RecordPlaces,
    hash_key: &HashKey,
    Place { environment, source_environment }: Place,
    id: Uuid,
    counts: &mut ForgetCounts,
) -> Result<bool, SqliteError> {
    let id = id.as_bytes().as_slice();
    let event =
        sql::query("SELECT event_type, idempotency_key FROM event_logs WHERE source_environment_id = ? AND id = ?")
            .bind(source_environment)
            .bind(id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(event) = event else { return Ok(false) };
    if let Some(key) = event.try_get::<Option<String>>(1)? {
        let scoped = ScopedKey::new(hash_key, source_environment, event.try_get(0)?, key, 0, 0);
        counts.idempotency_keys += crate::sqlite::idempotency::remove_key(connection, places, scoped.id).await?;
    }
    let results: Vec<String> =
        sql::query_scalar("SELECT result FROM action_logs WHERE event_id = ? AND result IS NOT NULL")
            .bind(id)
            .fetch_all(&mut *connection)
            .await?;
    for run in results.iter().flat_map(|result| runs_of(result)) {
        counts.runs += forget_run(connection, environment, run, &mut counts.deliveries).await?;
    }
    // The parameters of an API call's action are constants of the call; others are the mapping's.
    sql::query(
        "UPDATE action_logs SET payload = '', result = NULL, reason = NULL, warnings = NULL,
             parameters = CASE WHEN mapping IS NULL THEN '{}' ELSE parameters END
         WHERE event_id = ?",
    )
    .bind(id)
    .execute(&mut *connection)
    .await?;
    sql::query(
        "UPDATE event_logs
         SET original_kind = 3, original = x'', data = NULL, data_at = NULL, data_len = NULL, headers = NULL,
             guest_logs = NULL, notes = NULL, reason = NULL, user_id = NULL, idempotency_key = NULL
         WHERE source_environment_id = ? AND id = ?",
    )
    .bind(source_environment)
    .bind(id)
    .execute(&mut *connection)
    .await?;
    forget_waits(connection, environment, id, counts).await?;
    // Nothing is left that could be repaired.
    let request: Option<Option<Vec<u8>>> = sql::query_scalar(
        "UPDATE attention SET open = 0, due_at_ms = NULL WHERE source_environment_id = ? AND event_id = ?
         RETURNING request_id",
    )
    .bind(source_environment)
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(request) = request.flatten() {
        let deleted = sql::query(DELETE_KEPT).bind(source_environment).bind(request).execute(connection).await?;
        counts.kept_requests += deleted.rows_affected();
    }
    Ok(true)
}

/// Removes what triggers of an event that wait for recipients have of it, and what the runs got of it that are not in the log
/// yet. The triggers go on waiting.
async fn forget_waits(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    event: &[u8],
    counts: &mut ForgetCounts,
) -> Result<(), SqliteError> {
    let waiting = sql::query(
        "UPDATE parked_triggers SET data = '{}', actor = NULL, tenant = NULL, cancellation_key = NULL
         WHERE environment_id = ? AND event_id = ?",
    )
    .bind(environment)
    .bind(event)
    .execute(&mut *connection)
    .await?;
    if waiting.rows_affected() == 0 {
        return Ok(());
    }
    let runs: Vec<Option<Vec<u8>>> = sql::query_scalar(
        "UPDATE parked_recipients SET trigger_data = NULL
         WHERE environment_id = ? AND event_id = ? AND (trigger_data IS NOT NULL OR run_id IS NOT NULL)
         RETURNING run_id",
    )
    .bind(environment)
    .bind(event)
    .fetch_all(&mut *connection)
    .await?;
    for run in runs.iter().flatten().filter_map(|run| Uuid::from_slice(run).ok()) {
        counts.runs += forget_run(connection, environment, run, &mut counts.deliveries).await?;
    }
    Ok(())
}

/// Returns the runs that the result of a trigger names: one, all of a trigger that was split, and those of recipients whom it
/// waited for.
fn runs_of(result: &str) -> Vec<Uuid> {
    let all = json::member(result, "workflow_run_ids").and_then(json::items);
    let runs = all.or_else(|| json::member(result, "workflow_run_id").map(|run| vec![run])).unwrap_or_default();
    let released = json::member(result, "released_recipients").and_then(json::items).unwrap_or_default();
    let released = released.into_iter().filter_map(|recipient| json::member(recipient, "workflow_run_id"));
    runs.into_iter().chain(released).filter_map(|run| Uuid::try_parse(&json::string(run)?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_names_all_runs_of_its_trigger() {
        let [first, second] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let split = format!(r#"{{"workflow_run_id":"{first}","workflow_run_ids":["{first}","{second}"]}}"#);
        assert_eq!(runs_of(&split), [first, second]);
        assert_eq!(runs_of(&format!(r#"{{"workflow_run_id":"{first}"}}"#)), [first]);
        let released =
            format!(r#"{{"workflow_run_id":null,"released_recipients":[{{"id":"u","workflow_run_id":"{second}"}}]}}"#);
        assert_eq!(runs_of(&released), [second]);
        assert!(runs_of(r#"{"workflow_run_id":null}"#).is_empty());
    }
}
