//! Ending the waits of triggers: logging those that were released, deleted or canceled, and those whose time is over.

use std::{borrow::Cow, collections::BTreeMap};

use inlet_core::{
    actions::workflows_trigger::{EndedWait, WaitEnd, end_waits},
    json,
    parked::{ParkedRecipient, ParkedTrigger},
    recipient::{RecipientKey, USERS},
};
use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::EndWaits,
    sql,
    sqlite::{
        caches::Targets,
        error::SqliteError,
        group_commit::{
            expansions,
            parked::state,
            rows::{read_targets, write_runs},
        },
        statements::{runner::StatementRunner, transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// The bytes of results that one slice rewrites, about. A split trigger with 20,000 recipients has a result of 1 MB.
const MAX_RESULT_BYTES: usize = 1 << 20;
/// The bytes of data of the runs that one slice creates, about.
const MAX_DATA_BYTES: usize = 16 << 20;

/// Returns true if a wait has ended and is not logged.
pub(crate) async fn has_ended(readers: &sql::Pool, now_ms: i64) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sql::query_scalar("SELECT 1 FROM parked_recipients WHERE expires_at_ms <= ? LIMIT 1")
        .bind(now_ms)
        .fetch_optional(readers)
        .await?;
    Ok(found.is_some())
}

impl Execute<EndWaits> for WriteConnection {
    async fn execute(&mut self, EndWaits { now_ms, limit }: EndWaits) -> Result<u64, CommitError> {
        let clock = self.clock.clone();
        let targets = &mut self.caches.targets;
        let ended = transaction::run(self.connection.plain(), async |connection| {
            targets.make_sure(&mut StatementRunner::Plain(connection.lend())).await?;
            slice(connection, targets, now_ms, limit.into(), &mut || clock.new_id()).await
        })
        .await;
        match &ended {
            Ok(_) => self.announce_deliveries(),
            Err(_) => _ = self.caches.targets.take_written(),
        }
        let parked = &mut self.caches.parked;
        for (environment, key) in ended.iter().flat_map(|ended| &ended.expired) {
            parked.remove(*environment, key);
        }
        match ended {
            Ok(ended) => {
                parked.committed();
                Ok(ended.rows)
            }
            Err(error) => {
                parked.distrust();
                Err(error.into())
            }
        }
    }
}

/// The waits that a slice ended.
#[derive(Default)]
struct Slice {
    rows: u64,
    /// The recipients that were still counted as waiting.
    expired: Vec<(i64, RecipientKey)>,
}

/// A trigger: its environment, event and mapping.
type Trigger = (i64, Uuid, Uuid);

struct Parked {
    seq: i64,
    recipient: RecipientKey,
    state: i64,
    run: Option<Uuid>,
}

/// Ends at most `limit` waits, and fewer if their triggers have long results.
async fn slice(
    connection: &mut sql::Connection<'_>,
    targets: &mut Targets,
    now_ms: i64,
    limit: i64,
    new_id: &mut impl FnMut() -> Uuid,
) -> Result<Slice, SqliteError> {
    let rows = sql::query(
        "SELECT environment_id, event_id, mapping, seq, collection, id, state, run_id FROM parked_recipients
         WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?",
    )
    .bind(now_ms)
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let mut triggers: BTreeMap<Trigger, Vec<Parked>> = BTreeMap::new();
    for row in &rows {
        let trigger = (row.try_get(0)?, uuids::read(row, 1)?, uuids::read(row, 2)?);
        triggers.entry(trigger).or_default().push(read_parked(row, 3)?);
    }
    let (mut slice, mut result_bytes, mut data_bytes) = (Slice::default(), 0, 0);
    for (trigger, parked) in triggers {
        if slice.rows > 0 && (result_bytes > MAX_RESULT_BYTES || data_bytes > MAX_DATA_BYTES) {
            break;
        }
        // A cancellation for single recipients does not know their number.
        let is_counted = |parked: &&Parked| [state::WAITING, state::CANCELED].contains(&parked.state);
        let waiting = parked.iter().filter(is_counted);
        slice.expired.extend(waiting.map(|parked| (trigger.0, parked.recipient.clone())));
        slice.rows += parked.len() as u64;
        let (ended, written) = end(connection, targets, trigger, &parked, new_id).await?;
        data_bytes += written;
        result_bytes += log(connection, trigger, &ended).await?;
        remove(connection, trigger, &parked).await?;
    }
    Ok(slice)
}

fn read_parked(row: &sql::Row, first: usize) -> Result<Parked, sqlx::Error> {
    let collection: String = row.try_get(first + 1)?;
    let collection = if collection == USERS { Cow::Borrowed(USERS) } else { collection.into() };
    Ok(Parked {
        seq: row.try_get(first)?,
        recipient: RecipientKey { collection, id: row.try_get(first + 2)? },
        state: row.try_get(first + 3)?,
        run: uuids::read_optional(row, first + 4)?,
    })
}

/// Decides how the waits end, and creates the runs of those that are identified. Returns the bytes of their data too.
async fn end(
    connection: &mut sql::Connection<'_>,
    targets: &mut Targets,
    (environment, event, mapping): Trigger,
    parked: &[Parked],
    new_id: &mut impl FnMut() -> Uuid,
) -> Result<(Vec<EndedWait>, usize), SqliteError> {
    let row = sql::query(
        "SELECT canceled, workflow, actor, tenant, data, cancellation_key, targets FROM parked_triggers
         WHERE environment_id = ? AND event_id = ? AND mapping = ?",
    )
    .bind(environment)
    .bind(event.as_bytes().as_slice())
    .bind(mapping.as_bytes().as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    // Its environment is being deleted.
    let Some(row) = row else { return Ok((Vec::new(), 0)) };
    let canceled = row.try_get::<i64>(0)? != 0;
    let trigger = ParkedTrigger {
        event,
        mapping: Some(mapping).filter(|mapping| !mapping.is_nil()),
        workflow: row.try_get(1)?,
        actor: row.try_get(2)?,
        tenant: row.try_get(3)?,
        data: row.try_get::<String>(4)?.into(),
        cancellation_key: row.try_get(5)?,
        targets: row.try_get::<Option<&str>>(6)?.map(read_targets),
    };
    let mut ended = Vec::with_capacity(parked.len());
    let mut runs = Vec::new();
    for parked in parked {
        let end = match parked.state {
            state::RELEASED => WaitEnd::Released(parked.run.unwrap_or_default()),
            _ if canceled || parked.state == state::CANCELED => WaitEnd::Skipped("canceled"),
            state::WAITING => WaitEnd::Skipped("not identified in the time that the trigger waits"),
            state::IDENTIFIED if is_identified(connection, environment, &parked.recipient).await? => {
                let run = trigger.run(new_id(), &with_trigger_data(connection, parked).await?);
                let id = run.id;
                runs.push((environment, run));
                WaitEnd::Released(id)
            }
            _ => WaitEnd::Skipped("deleted"),
        };
        ended.push(EndedWait { recipient: parked.recipient.clone(), end });
    }
    let runs: Vec<_> = runs.iter().map(|(environment, run)| (*environment, run)).collect();
    let mut statements = StatementRunner::Plain(connection.lend());
    write_runs(&mut statements, targets, &runs, new_id).await?;
    expansions::begin(&mut statements, &runs).await?;
    Ok((ended, runs.iter().map(|(_, run)| run.data.len()).sum()))
}

async fn is_identified(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    key: &RecipientKey,
) -> Result<bool, sqlx::Error> {
    let found: Option<i64> =
        sql::query_scalar("SELECT 1 FROM recipients WHERE environment_id = ? AND collection = ? AND id = ?")
            .bind(environment)
            .bind(&*key.collection)
            .bind(&key.id)
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

async fn with_trigger_data(
    connection: &mut sql::Connection<'_>,
    parked: &Parked,
) -> Result<ParkedRecipient, sqlx::Error> {
    let trigger_data = sql::query_scalar("SELECT trigger_data FROM parked_recipients WHERE seq = ?")
        .bind(parked.seq)
        .fetch_one(connection)
        .await?;
    Ok(ParkedRecipient { recipient: parked.recipient.clone(), trigger_data })
}

/// Writes the ends of waits to the action log, and counts those who are skipped at the event. Returns the bytes of the
/// result.
async fn log(
    connection: &mut sql::Connection<'_>,
    (environment, event, mapping): Trigger,
    ended: &[EndedWait],
) -> Result<usize, SqliteError> {
    let stored: Option<(i64, String)> = sql::query_as(
        "SELECT ordinal, result FROM action_logs
         WHERE event_id = ? AND coalesce(mapping, x'00000000000000000000000000000000') = ?
           AND action_type = 'workflows_trigger' AND result IS NOT NULL
         ORDER BY ordinal LIMIT 1",
    )
    .bind(event.as_bytes().as_slice())
    .bind(mapping.as_bytes().as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    // The log entry may be past its retention.
    let Some((ordinal, result)) = stored else { return Ok(0) };
    let skipped = ended.iter().filter(|ended| matches!(ended.end, WaitEnd::Skipped(_))).count();
    let result = end_waits(&result, ended);
    let reason = (skipped > 0).then(|| reason(&result));
    sql::query("UPDATE action_logs SET result = ?, reason = coalesce(?, reason) WHERE event_id = ? AND ordinal = ?")
        .bind(&result)
        .bind(reason)
        .bind(event.as_bytes().as_slice())
        .bind(ordinal)
        .execute(&mut *connection)
        .await?;
    if skipped > 0 {
        sql::query(
            "UPDATE event_logs SET skipped_recipients = coalesce(skipped_recipients, 0) + ?1
             WHERE id = ?2 AND source_environment_id = (
                 SELECT source_environment_id FROM parked_triggers
                 WHERE environment_id = ?3 AND event_id = ?2 AND mapping = ?4)",
        )
        .bind(skipped as i64)
        .bind(event.as_bytes().as_slice())
        .bind(environment)
        .bind(mapping.as_bytes().as_slice())
        .execute(connection)
        .await?;
    }
    Ok(result.len())
}

/// Returns the reason that an action shows after recipients were skipped at the end of a wait.
fn reason(result: &str) -> String {
    let count = |name| json::member(result, name).and_then(json::array_len).unwrap_or_default();
    let (skipped, waiting) = (count("skipped_recipients"), count("waiting_recipients"));
    format!("recipients that were skipped: {skipped}; still waited for: {waiting}")
}

/// Deletes ended waits, and their trigger after the last of them.
async fn remove(
    connection: &mut sql::Connection<'_>,
    (environment, event, mapping): Trigger,
    parked: &[Parked],
) -> Result<(), sqlx::Error> {
    for parked in parked {
        sql::query("DELETE FROM parked_recipients WHERE seq = ?").bind(parked.seq).execute(&mut *connection).await?;
    }
    let trigger = "environment_id = ? AND event_id = ? AND mapping = ?";
    for sql in [
        format!("UPDATE parked_triggers SET recipients = recipients - {} WHERE {trigger}", parked.len()),
        format!("DELETE FROM parked_triggers WHERE {trigger} AND recipients <= 0"),
    ] {
        sql::query(sql)
            .bind(environment)
            .bind(event.as_bytes().as_slice())
            .bind(mapping.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
