//! Recognizing signed requests that were taken before, and counting them.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::LazyLock,
};

use inlet_core::{
    log::Outcome,
    settle::Job,
    verification::{Covers, Nonce},
};
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;

use super::nonces;
use crate::{
    resend::{FirstEvent, LoggedEvent, Recognized, Resend},
    sqlite::{
        error::SqliteError,
        statements::{
            codes,
            multi_row::MultiRow,
            runner::{FoundRow, StatementRunner},
            uuids,
        },
    },
};

static FIRST_EVENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, source_environment_id, id) AS (VALUES",
        "(#, ?, ?)",
        ") SELECT number, outcome, event_type, reason
           FROM wanted CROSS JOIN event_logs USING (source_environment_id, id)",
    )
});

static COUNT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "resends",
        "source_environment_id, event_id, count, last_at_ms",
        "ON CONFLICT (source_environment_id, event_id) DO UPDATE SET
             count = count + 1, last_at_ms = excluded.last_at_ms",
    )
});

/// Returns what is known of each job's request. `horizon_ms` is the latest time of a nonce that was forgotten.
pub(crate) async fn recognize(
    statements: &mut StatementRunner<'_>,
    jobs: &[Job],
    horizon_ms: i64,
) -> Result<Vec<Recognized>, SqliteError> {
    let requests: Vec<Nonce> = jobs.iter().filter_map(|job| job.nonce).collect();
    let taken = nonces::taken(statements, &requests).await?;
    let mut recognized = Vec::with_capacity(jobs.len());
    // A group can hold many copies of one request.
    let mut known: HashMap<(i64, [u8; 16]), Vec<FirstEvent>> = HashMap::new();
    for job in jobs {
        recognized.push(match job.nonce.and_then(|nonce| Some((nonce, taken.get(&nonce.digest)?))) {
            None if job.nonce.is_some_and(|nonce| nonce.signs_time && nonce.until_ms <= horizon_ms) => {
                Recognized::Forgotten(horizon_ms)
            }
            None => Recognized::New,
            Some((Nonce { covers: Covers::First, .. }, _)) => Recognized::Reused,
            Some((_, ids)) if ids.is_empty() => Recognized::Reused,
            Some((nonce, ids)) => Recognized::Again(match known.entry((job.source_environment, nonce.digest)) {
                Entry::Occupied(first) => first.get().clone(),
                Entry::Vacant(first) => {
                    first.insert(first_events(statements, job.source_environment, ids).await?).clone()
                }
            }),
        });
    }
    Ok(recognized)
}

async fn first_events(
    statements: &mut StatementRunner<'_>,
    source_environment: i64,
    ids: &[Uuid],
) -> Result<Vec<FirstEvent>, SqliteError> {
    let mut events: Vec<FirstEvent> = ids.iter().map(|id| FirstEvent { id: *id, logged: None }).collect();
    let wanted: Vec<(i64, Uuid)> = ids.iter().map(|id| (source_environment, *id)).collect();
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = usize::try_from(row.int(0)?).unwrap_or_default();
        let outcome = codes::outcome(row.int(1)?)?;
        let event_type = row.optional_text(2)?.unwrap_or_default().to_owned();
        let reason = row.optional_text(3)?.map(str::to_owned);
        if let Some(event) = events.get_mut(offset + number) {
            event.logged = Some(LoggedEvent { event_type, outcome, reason, failed: None });
        }
        Ok(())
    };
    statements.find(&FIRST_EVENTS, &wanted, |row, (of, id)| _ = row.int(*of).blob(id.as_bytes()), found).await?;
    for event in &mut events {
        if let Some(logged) = event.logged.as_mut().filter(|logged| logged.outcome == Outcome::Failed) {
            logged.failed = still_failed(statements.connection(), source_environment, event.id).await?;
        }
    }
    Ok(events)
}

/// Returns the entries that need attention of an event that failed and of its reruns. `None` if one of them succeeded.
async fn still_failed(
    connection: &mut SqliteConnection,
    source_environment: i64,
    event: Uuid,
) -> Result<Option<Vec<Uuid>>, SqliteError> {
    let rows = sqlx::query(
        "WITH RECURSIVE chain (id) AS (
             VALUES (?2)
             UNION
             SELECT event_id FROM chain CROSS JOIN reruns ON source_environment_id = ?1 AND rerun_of = chain.id
         )
         SELECT chain.id, event_logs.outcome,
             (SELECT open FROM attention WHERE source_environment_id = ?1 AND event_id = chain.id)
         FROM chain CROSS JOIN event_logs ON source_environment_id = ?1 AND event_logs.id = chain.id",
    )
    .bind(source_environment)
    .bind(event.as_bytes().as_slice())
    .fetch_all(connection)
    .await?;
    let mut open = Vec::new();
    for row in rows {
        if codes::outcome(row.try_get(1)?)?.is_accepted() {
            return Ok(None);
        }
        if row.try_get::<Option<i64>, _>(2)? == Some(1) {
            open.push(uuids::read(&row, 0)?);
        }
    }
    Ok(Some(open))
}

/// Counts the resends among these jobs, each at the first event of its first time.
pub(super) async fn count(
    statements: &mut StatementRunner<'_>,
    jobs: &[Job],
    resends: &[Option<Box<Resend>>],
    now_ms: i64,
) -> Result<(), SqliteError> {
    let counted: Vec<(i64, Uuid)> = jobs
        .iter()
        .zip(resends)
        .filter_map(|(job, resend)| Some((job.source_environment, resend.as_ref()?.first)))
        .collect();
    statements
        .write(&COUNT, &counted, |row, (source_environment, event)| {
            row.int(*source_environment).blob(event.as_bytes()).int(1).int(now_ms);
        })
        .await
}
