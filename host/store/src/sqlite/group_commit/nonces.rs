//! Signed requests that may be taken nonce: finding those taken before, and remembering the present ones.

use std::{collections::HashSet, sync::LazyLock};

use inlet_core::{settle::Job, verification::Nonce};

use crate::sqlite::{
    error::SqliteError,
    statements::{
        multi_row::MultiRow,
        row::Row,
        runner::{FoundRow, StatementRunner},
    },
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
    statements: &mut StatementRunner<'_>,
    requests: &[Nonce],
    now_ms: i64,
) -> Result<HashSet<[u8; 16]>, SqliteError> {
    let mut taken = HashSet::new();
    let found = |_: usize, row: &FoundRow<'_>| {
        if row.int(1)? >= now_ms {
            taken.extend(<[u8; 16]>::try_from(row.blob(0)?));
        }
        Ok(())
    };
    statements.find(&FIND, requests, bind_digest, found).await?;
    Ok(taken)
}

fn bind_digest<'v>(row: &mut Row<'v>, nonce: &'v Nonce) {
    row.blob(&nonce.digest);
}

/// Remembers that the requests of these jobs were taken.
pub(super) async fn remember(statements: &mut StatementRunner<'_>, jobs: &[Job]) -> Result<(), SqliteError> {
    let taken: Vec<Nonce> = jobs.iter().filter_map(|job| job.nonce).collect();
    statements.write(&REMEMBER, &taken, |row, nonce| _ = row.blob(&nonce.digest).int(nonce.until_ms)).await
}
