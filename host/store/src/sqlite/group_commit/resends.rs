//! Recognizing signed requests that were taken before, and counting them.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::LazyLock,
};

use inlet_core::{
    log::Outcome,
    settle::Job,
    verification::{Covers, Nonce},
};
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

/// An event, with its number, and its reruns. A chain ends where an event was not run again.
static CHAINS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH RECURSIVE wanted (number, source_environment_id, id) AS (VALUES",
        "(#, ?, ?)",
        "), chain (number, source_environment_id, id) AS (
             SELECT number, source_environment_id, id FROM wanted
             UNION
             SELECT chain.number, chain.source_environment_id, reruns.event_id
             FROM chain CROSS JOIN reruns
                 ON reruns.source_environment_id = chain.source_environment_id AND reruns.rerun_of = chain.id
         )
         SELECT chain.number, chain.id, event_logs.outcome,
             coalesce((SELECT open FROM attention
                 WHERE source_environment_id = chain.source_environment_id AND event_id = chain.id), 0)
         FROM chain CROSS JOIN event_logs
             ON event_logs.source_environment_id = chain.source_environment_id AND event_logs.id = chain.id",
    )
});

static COUNT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "resends",
        "source_environment_id, event_id, count, last_at_ms",
        "ON CONFLICT (source_environment_id, event_id) DO UPDATE SET
             count = resends.count + excluded.count, last_at_ms = excluded.last_at_ms",
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
    let mut failed: Vec<&mut FirstEvent> = events
        .iter_mut()
        .filter(|event| event.logged.as_ref().is_some_and(|logged| logged.outcome == Outcome::Failed))
        .collect();
    let wanted: Vec<(i64, Uuid)> = failed.iter().map(|event| (source_environment, event.id)).collect();
    for (event, open) in failed.iter_mut().zip(still_failed(statements, &wanted).await?) {
        if let Some(logged) = &mut event.logged {
            logged.failed = open;
        }
    }
    Ok(events)
}

/// Returns for each event that failed, by source environment and id, the entries that need attention of it and of its
/// reruns. `None` if one of them succeeded.
async fn still_failed(
    statements: &mut StatementRunner<'_>,
    events: &[(i64, Uuid)],
) -> Result<Vec<Option<Vec<Uuid>>>, SqliteError> {
    let mut open = vec![Some(Vec::new()); events.len()];
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = usize::try_from(row.int(0)?).unwrap_or_default();
        let Some(of_event) = open.get_mut(offset + number) else { return Ok(()) };
        if codes::outcome(row.int(2)?)?.is_accepted() {
            *of_event = None;
        } else if row.int(3)? == 1
            && let Some(open) = of_event
        {
            open.push(uuids::parse(1, row.blob(1)?)?);
        }
        Ok(())
    };
    statements.find(&CHAINS, events, |row, (of, id)| _ = row.int(*of).blob(id.as_bytes()), found).await?;
    Ok(open)
}

/// Counts the resends among these jobs, each at the first event of its first time.
pub(super) async fn count(
    statements: &mut StatementRunner<'_>,
    jobs: &[Job],
    resends: &[Option<Box<Resend>>],
    now_ms: i64,
) -> Result<(), SqliteError> {
    // A group can hold many copies of one request, and PostgreSQL updates a row once in a statement.
    let mut counts: BTreeMap<(i64, Uuid), i64> = BTreeMap::new();
    for (job, resend) in jobs.iter().zip(resends) {
        if let Some(resend) = resend {
            *counts.entry((job.source_environment, resend.first)).or_default() += 1;
        }
    }
    let counted: Vec<_> = counts.into_iter().collect();
    statements
        .write(&COUNT, &counted, |row, ((source_environment, event), count)| {
            row.int(*source_environment).blob(event.as_bytes()).int(*count).int(now_ms);
        })
        .await
}
