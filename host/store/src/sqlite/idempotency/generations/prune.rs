//! Retention: generations whose records have mostly expired are removed.

use inlet_core::idempotency::RecordId;

use super::{GenerationRecords, newest};
use crate::{
    records::PrunedRecords,
    sql,
    sqlite::{
        error::SqliteError,
        idempotency::{Number, look_up::id_of},
        statements::{runner::StatementRunner, transaction},
    },
};

/// A record of a generation that is removed.
struct Passed {
    hash: Vec<u8>,
    expires_at_ms: i64,
    value: Vec<u8>,
}

impl GenerationRecords {
    /// Removes the next `slice` records, at most, of a generation most of whose records expired before `now_ms`. Those that have
    /// not expired move to the newest generation. It is complete when there is no such generation.
    pub(crate) async fn prune(
        &self,
        connection: &mut sql::Connection<'_>,
        now_ms: i64,
        slice: u32,
    ) -> Result<PrunedRecords, SqliteError> {
        // Looked up first without the locks of an operation.
        if mostly_expired(connection, now_ms).await?.is_none() {
            return Ok(PrunedRecords { deleted: 0, complete: true });
        }
        let slice = i64::from(slice.max(1));
        transaction::run(connection, async |connection| {
            let Some(generation) = mostly_expired(connection, now_ms).await? else {
                return Ok(PrunedRecords { deleted: 0, complete: true });
            };
            let passed = next(connection, generation, slice).await?;
            let deleted = match passed.last() {
                Some(last) => {
                    let moved = self.move_to_newest(connection, generation, &passed, now_ms).await?;
                    sql::query("DELETE FROM idempotency_records WHERE generation = ? AND hash <= ?")
                        .bind(generation)
                        .bind(&last.hash)
                        .execute(&mut *connection)
                        .await?;
                    passed.len() as u64 - moved
                }
                None => 0,
            };
            if (passed.len() as i64) < slice {
                sql::query("DELETE FROM idempotency_generations WHERE number = ?")
                    .bind(generation)
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(PrunedRecords { deleted, complete: false })
        })
        .await
    }

    /// Writes those records into the newest generation that have not expired and whose key has no newer one. Returns their number.
    async fn move_to_newest(
        &self,
        connection: &mut sql::Connection<'_>,
        generation: Number,
        passed: &[Passed],
        now_ms: i64,
    ) -> Result<u64, SqliteError> {
        let left = || passed.iter().filter(|record| record.expires_at_ms > now_ms);
        let ids: Vec<RecordId> = left().filter_map(|record| id_of(&record.hash)).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let into = newest(connection).await?;
        let probes = self.index().probe(&ids, into);
        let newest = probes.newest(&mut StatementRunner::Plain(connection.lend()), &ids).await?;
        let mut moved = 0;
        for record in left() {
            let has_newer = |id| newest.get(&id).is_some_and(|other| other.number > generation);
            if id_of(&record.hash).is_none_or(has_newer) {
                continue;
            }
            sql::query("INSERT INTO idempotency_records (generation, hash, expires_at_ms, value) VALUES (?, ?, ?, ?)")
                .bind(into)
                .bind(&record.hash)
                .bind(record.expires_at_ms)
                .bind(&record.value)
                .execute(&mut *connection)
                .await?;
            moved += 1;
        }
        Ok(moved)
    }
}

/// Returns the oldest generation that is to be removed.
async fn mostly_expired(connection: &mut sql::Connection<'_>, now_ms: i64) -> Result<Option<Number>, sqlx::Error> {
    sql::query_scalar("SELECT number FROM idempotency_generations WHERE mostly_until_ms <= ? ORDER BY number LIMIT 1")
        .bind(now_ms)
        .fetch_optional(connection)
        .await
}

/// Returns the first records of a generation, in the order of their hashes.
async fn next(
    connection: &mut sql::Connection<'_>,
    generation: Number,
    limit: i64,
) -> Result<Vec<Passed>, sqlx::Error> {
    sql::query("SELECT hash, expires_at_ms, value FROM idempotency_records WHERE generation = ? ORDER BY hash LIMIT ?")
        .bind(generation)
        .bind(limit)
        .try_map(|row| {
            let hash: &[u8] = row.try_get(0)?;
            Ok(Passed { hash: hash.to_vec(), expires_at_ms: row.try_get(1)?, value: row.try_get(2)? })
        })
        .fetch_all(connection)
        .await
}
