//! Signed requests that may be taken nonce: finding those taken before, and remembering the present ones.

use std::{collections::HashSet, sync::LazyLock};

use inlet_core::{settle::Job, verification::Nonce};
use sqlx::{Row as _, SqliteConnection};

use crate::sqlite::statements::{
    multi_row::MultiRow,
    script::{Found, Script},
};

static FIND: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::query("SELECT hash, expires_at_ms FROM nonces WHERE hash IN (", "?", ")"));

static REMEMBER: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "nonces",
        "hash, expires_at_ms",
        "ON CONFLICT (hash) DO UPDATE SET expires_at_ms = excluded.expires_at_ms",
    )
});

/// Returns the digests of those requests that were taken before and still count.
pub(crate) async fn taken(
    connection: &mut SqliteConnection,
    requests: &[Nonce],
    now_ms: i64,
) -> Result<HashSet<[u8; 16]>, sqlx::Error> {
    let mut script = Script::new(connection);
    script.fit(requests.len());
    script.rows(&FIND, requests, |row, nonce| _ = row.blob(&nonce.digest)).await?;
    script.run().await?;
    let mut taken = HashSet::new();
    for Found { row, .. } in script.take_found() {
        let (hash, expires_at_ms): (&[u8], i64) = (row.try_get(0)?, row.try_get(1)?);
        if expires_at_ms >= now_ms {
            taken.extend(<[u8; 16]>::try_from(hash));
        }
    }
    Ok(taken)
}

/// Remembers that the requests of these jobs were taken.
pub(super) async fn remember(script: &mut Script<'_>, jobs: &[Job]) -> Result<(), sqlx::Error> {
    let taken: Vec<Nonce> = jobs.iter().filter_map(|job| job.nonce).collect();
    if taken.is_empty() {
        return Ok(());
    }
    script.rows(&REMEMBER, &taken, |row, nonce| _ = row.blob(&nonce.digest).int(nonce.until_ms)).await
}
