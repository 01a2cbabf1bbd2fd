//! Nonces of signed requests: finding those taken before, and remembering the present ones with their events.

use std::{collections::HashMap, sync::LazyLock};

use inlet_core::{settle::Job, verification::Nonce};
use uuid::Uuid;

use crate::{
    resend::Resend,
    sql,
    sqlite::{
        error::SqliteError,
        statements::{
            multi_row::MultiRow,
            row::Row,
            runner::{FoundRow, StatementRunner},
        },
    },
};

static FIND: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (hash) AS (VALUES",
        "(?)",
        ") SELECT nonces.hash, expires_at_ms, event_ids FROM wanted CROSS JOIN nonces ON nonces.hash = wanted.hash",
    )
});

static REMEMBER: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "nonces",
        "hash, expires_at_ms, event_ids, signs_time",
        "ON CONFLICT (hash) DO UPDATE SET
             expires_at_ms = max(nonces.expires_at_ms, excluded.expires_at_ms), event_ids = excluded.event_ids",
    )
});

/// Returns the events of those requests that were taken before, by digest. The events are unknown, and the list empty, if
/// an earlier version took the request.
pub(crate) async fn taken(
    statements: &mut StatementRunner<'_>,
    requests: &[Nonce],
) -> Result<HashMap<[u8; 16], Vec<Uuid>>, SqliteError> {
    let mut taken = HashMap::new();
    let found = |_: usize, row: &FoundRow<'_>| {
        let Ok(digest) = <[u8; 16]>::try_from(row.blob(0)?) else { return Ok(()) };
        // The arrival decides, as it does about freshness, and not the time of the commit.
        let expires_at_ms = row.int(1)?;
        if requests.iter().any(|nonce| nonce.digest == digest && nonce.at_ms <= expires_at_ms) {
            let ids = row.blob(2)?.as_chunks::<16>().0.iter().map(|bytes| Uuid::from_bytes(*bytes));
            taken.insert(digest, ids.collect());
        }
        Ok(())
    };
    statements.find(&FIND, requests, |row, nonce| _ = row.blob(&nonce.digest), found).await?;
    Ok(taken)
}

/// Remembers that the requests of these jobs were taken, and as which events.
pub(super) async fn remember(
    statements: &mut StatementRunner<'_>,
    jobs: &[Job],
    resends: &[Option<Box<Resend>>],
) -> Result<(), SqliteError> {
    let taken: Vec<_> = jobs
        .iter()
        .zip(resends)
        .filter(|(_, resend)| resend.as_ref().is_none_or(|resend| resend.runs()))
        .filter_map(|(job, resend)| Some((job.nonce.as_ref()?, job, resend.as_deref())))
        .collect();
    statements.write(&REMEMBER, &taken, bind_taken).await
}

fn bind_taken<'v>(row: &mut Row<'v>, (nonce, job, resend): &'v (&Nonce, &Job, Option<&Resend>)) {
    row.blob(&nonce.digest).int(nonce.until_ms);
    match (job.items.as_slice(), resend) {
        ([item], None) => _ = row.blob(item.log.id.as_bytes()),
        (items, resend) => {
            let ids = items.iter().map(|item| item.log.id);
            let ids: Vec<Uuid> = match resend {
                None => ids.collect(),
                Some(resend) => resend.event_ids(ids),
            };
            row.owned_blob(ids.iter().flat_map(|id| id.into_bytes()).collect());
        }
    }
    row.int(nonce.signs_time.into());
}

/// Forgets a request, so that it is a new one when it is sent again.
pub(crate) async fn forget(connection: &mut sql::Connection<'_>, digest: &[u8]) -> Result<(), sqlx::Error> {
    sql::query("DELETE FROM nonces WHERE hash = ?").bind(digest).execute(connection).await?;
    Ok(())
}

/// Returns the latest `until_ms` of a deleted nonce whose time is signed.
pub(crate) async fn horizon_ms(connection: &mut sql::Connection<'_>) -> Result<i64, sqlx::Error> {
    sql::query_scalar("SELECT until_ms FROM nonce_horizon").fetch_one(connection).await
}

/// Moves the horizon past the nonces that are deleted next: those after `after` and up to `to` that expired.
pub(crate) async fn move_horizon(
    connection: &mut sql::Connection<'_>,
    after: &[u8],
    to: &[u8],
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    sql::query(
        "UPDATE nonce_horizon SET until_ms = max(until_ms, coalesce((
             SELECT max(expires_at_ms) FROM nonces
             WHERE hash > ? AND hash <= ? AND expires_at_ms <= ? AND signs_time = 1), 0))",
    )
    .bind(after)
    .bind(to)
    .bind(now_ms)
    .execute(connection)
    .await?;
    Ok(())
}
