//! Retention: small slices, each a short transaction between groups, so that ingestion never waits for it.

use sqlx::SqliteConnection;

use super::{ids, transaction};
use crate::error::CommitError;

/// What one slice deleted. Nothing: there is nothing left to delete now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Event logs.
    pub events: u64,
    /// Their action logs.
    pub actions: u64,
    /// Workflow runs.
    pub runs: u64,
    /// Their recipients.
    pub recipients: u64,
    /// Refused requests.
    pub refused: u64,
    /// Kept requests.
    pub kept: u64,
}

impl Pruned {
    /// Nothing was deleted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What one slice of the idempotency records came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrunedRecords {
    /// Expired records that were deleted.
    pub deleted: u64,
    /// The walk reached the last record; the next slice begins anew.
    pub complete: bool,
}

/// Deletes what an environment holds from before a time: at most `limit` event logs, runs and refused requests each.
pub(crate) async fn logs(
    connection: &mut SqliteConnection,
    environment: i64,
    cutoff_ms: i64,
    limit: i64,
) -> Result<Pruned, CommitError> {
    transaction::begin(connection).await?;
    let pruned = slice(connection, environment, cutoff_ms, limit).await;
    Ok(transaction::finish(connection, pruned).await?)
}

async fn slice(
    connection: &mut SqliteConnection,
    environment: i64,
    cutoff_ms: i64,
    limit: i64,
) -> Result<Pruned, sqlx::Error> {
    let before = ids::floor(cutoff_ms).as_bytes().to_vec();
    let source_environments: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM source_environments WHERE environment_id = ?")
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
        // At most one of each for every event.
        for dependant in [ATTENTION, RERUNS, REPLAYS] {
            delete(connection, dependant, source_environment, &before, limit).await?;
        }
    }
    pruned.recipients = delete(connection, RECIPIENTS, environment, &before, limit).await?;
    pruned.runs = delete(connection, RUNS, environment, &before, limit).await?;
    Ok(pruned)
}

// Each picks the oldest by the primary key, which sorts by time; dependants go first and pick the same.
const ACTIONS: &str = "DELETE FROM action_logs WHERE event_id IN (
    SELECT id FROM event_logs WHERE source_environment_id = ? AND id < ? ORDER BY id LIMIT ?)";
const EVENTS: &str = "DELETE FROM event_logs WHERE rowid IN (
    SELECT rowid FROM event_logs WHERE source_environment_id = ? AND id < ? ORDER BY id LIMIT ?)";
const REFUSED: &str = "DELETE FROM refused_requests WHERE rowid IN (
    SELECT rowid FROM refused_requests WHERE source_environment_id = ? AND id < ? ORDER BY id LIMIT ?)";
const KEPT: &str = "DELETE FROM kept_requests WHERE rowid IN (
    SELECT rowid FROM kept_requests WHERE source_environment_id = ? AND id < ? ORDER BY id LIMIT ?)";
const ATTENTION: &str = "DELETE FROM attention WHERE source_environment_id = ?1 AND event_id IN (
    SELECT event_id FROM attention WHERE source_environment_id = ?1 AND event_id < ?2 ORDER BY event_id LIMIT ?3)";
const RERUNS: &str = "DELETE FROM reruns WHERE source_environment_id = ?1 AND event_id IN (
    SELECT event_id FROM reruns WHERE source_environment_id = ?1 AND event_id < ?2 ORDER BY event_id LIMIT ?3)";
const REPLAYS: &str = "DELETE FROM replays WHERE source_environment_id = ?1 AND state <> 0 AND id IN (
    SELECT id FROM replays WHERE source_environment_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3)";
const RECIPIENTS: &str = "DELETE FROM workflow_run_recipients WHERE run_id IN (
    SELECT id FROM workflow_runs WHERE environment_id = ? AND id < ? ORDER BY id LIMIT ?)";
const RUNS: &str = "DELETE FROM workflow_runs WHERE rowid IN (
    SELECT rowid FROM workflow_runs WHERE environment_id = ? AND id < ? ORDER BY id LIMIT ?)";

async fn delete(
    connection: &mut SqliteConnection,
    sql: &'static str,
    of: i64,
    before: &[u8],
    limit: i64,
) -> Result<u64, sqlx::Error> {
    if limit <= 0 {
        return Ok(0);
    }
    let done = sqlx::query(sql).bind(of).bind(before).bind(limit).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Tables that are keyed by a hash and pruned by walking it: an index by time would be a second tree in the path of every
/// execution; walking costs nothing there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hashed {
    /// What was executed with which key.
    Idempotency,
    /// Which signed requests were taken.
    Nonces,
}

impl Hashed {
    fn last_of_slice(self) -> &'static str {
        match self {
            Self::Idempotency => "SELECT hash FROM idempotency WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ?",
            Self::Nonces => "SELECT hash FROM nonces WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ?",
        }
    }

    fn delete(self) -> &'static str {
        match self {
            Self::Idempotency => "DELETE FROM idempotency WHERE hash > ? AND hash <= ? AND expires_at_ms <= ?",
            Self::Nonces => "DELETE FROM nonces WHERE hash > ? AND hash <= ? AND expires_at_ms <= ?",
        }
    }
}

/// Looks at the next `slice` records in the order of their keys and deletes the expired ones among them. Returns also the
/// last key it looked at, unless it reached the end.
pub(crate) async fn records(
    connection: &mut SqliteConnection,
    table: Hashed,
    after: &[u8],
    now_ms: i64,
    slice: i64,
) -> Result<(PrunedRecords, Option<Vec<u8>>), CommitError> {
    let last: Option<Vec<u8>> = sqlx::query_scalar(table.last_of_slice())
        .bind(after)
        .bind(slice.max(1) - 1)
        .fetch_optional(&mut *connection)
        .await?;
    // No such record: this slice reaches the end. Hashes have 16 bytes, so a longer one is greater than all.
    let to = last.clone().unwrap_or_else(|| vec![0xff; 17]);
    let deleted = sqlx::query(table.delete()).bind(after).bind(to).bind(now_ms).execute(connection).await?;
    Ok((PrunedRecords { deleted: deleted.rows_affected(), complete: last.is_none() }, last))
}
