//! Retention: segments whose records have mostly expired are removed, and expired records of the tail.

use std::collections::HashMap;

use inlet_core::idempotency::RecordId;

use super::{index::TailEntry, writing::SegmentRecords};
use crate::{
    records::PrunedRecords,
    sql,
    sqlite::{
        error::SqliteError,
        idempotency::{Number, look_up::id_of},
        statements::{runner::StatementRunner, transaction},
    },
};

/// A record that has not expired, in a segment that is removed.
struct Survivor {
    id: RecordId,
    number: Number,
    expires_at_ms: i64,
    value: Vec<u8>,
}

impl SegmentRecords {
    /// Removes at most `slice` records that expired before `now_ms`, or moves them to the tail if they have not expired but
    /// most of their segment has.
    pub(crate) async fn prune(
        &mut self,
        connection: &mut sql::Connection<'_>,
        now_ms: i64,
        slice: u32,
    ) -> Result<PrunedRecords, SqliteError> {
        let pruned = transaction::run(connection, async |connection| {
            let mut statements = StatementRunner::Plain(connection.lend());
            self.make_sure(&mut statements).await?;
            let old = self.index().read().segments.iter().position(|segment| segment.mostly_until_ms <= now_ms);
            match old {
                Some(at) => self.prune_segment(connection, at, now_ms, slice).await,
                None => Ok((self.prune_tail(connection, now_ms, slice).await?, None)),
            }
        })
        .await;
        match pruned {
            Ok((pruned, removed)) => {
                self.committed();
                if let Some(id) = removed {
                    self.index.write().segments.retain(|segment| segment.id != id);
                }
                Ok(pruned)
            }
            Err(error) => {
                self.doubt_everything();
                Err(error)
            }
        }
    }

    /// Removes the next records of a segment. Returns also the segment's id once all are removed.
    async fn prune_segment(
        &mut self,
        connection: &mut sql::Connection<'_>,
        at: usize,
        now_ms: i64,
        slice: u32,
    ) -> Result<(PrunedRecords, Option<i64>), SqliteError> {
        let (id, last, rows) = {
            let index = self.index.read();
            let segment = &index.segments[at];
            (segment.id, segment.last, segment.row_of(0)..=segment.row_of(segment.buckets))
        };
        let first: Number = self.index.read().segments[at].first;
        // The records before are removed already.
        let from: Option<Number> =
            sql::query_scalar("SELECT min(number) FROM idempotency_records WHERE number BETWEEN ? AND ?")
                .bind(first)
                .bind(last)
                .fetch_one(&mut *connection)
                .await?;
        let from = from.unwrap_or(last);
        let to = last.min(from.saturating_add(i64::from(slice.max(1)) - 1));
        let survivors = survivors(connection, from..=to, now_ms).await?;
        let passed = sql::query("DELETE FROM idempotency_records WHERE number BETWEEN ? AND ?")
            .bind(from)
            .bind(to)
            .execute(&mut *connection)
            .await?
            .rows_affected();
        let moved = self.move_to_tail(connection, survivors).await?;
        let pruned = PrunedRecords { deleted: passed - moved, complete: false };
        if to < last {
            return Ok((pruned, None));
        }
        sql::query("DELETE FROM idempotency_buckets WHERE id BETWEEN ? AND ?")
            .bind(rows.start())
            .bind(rows.end())
            .execute(&mut *connection)
            .await?;
        sql::query("DELETE FROM idempotency_segments WHERE id = ?").bind(id).execute(&mut *connection).await?;
        Ok((pruned, Some(id)))
    }

    /// Writes those records again whose key has no newer one. Their old rows are deleted already. Returns their number.
    async fn move_to_tail(
        &mut self,
        connection: &mut sql::Connection<'_>,
        survivors: Vec<Survivor>,
    ) -> Result<u64, SqliteError> {
        let ids: Vec<RecordId> = survivors.iter().map(|survivor| survivor.id).collect();
        let probes = self.index.probe(&ids);
        let newest = probes.newest(&mut StatementRunner::Plain(connection.lend()), &ids).await?;
        let mut number = self.next();
        let mut moved = HashMap::new();
        for survivor in survivors {
            if newest.get(&survivor.id).is_some_and(|other| other.number > survivor.number) {
                continue;
            }
            sql::query("INSERT INTO idempotency_records (number, hash, expires_at_ms, value) VALUES (?, ?, ?, ?)")
                .bind(number)
                .bind(survivor.id.0.as_slice())
                .bind(survivor.expires_at_ms)
                .bind(survivor.value)
                .execute(&mut *connection)
                .await?;
            moved.insert(survivor.id, TailEntry { number, expires_at_ms: survivor.expires_at_ms });
            number += 1;
        }
        let count = moved.len() as u64;
        self.pending.extend(moved);
        Ok(count)
    }

    /// Removes expired records of the tail.
    async fn prune_tail(
        &mut self,
        connection: &mut sql::Connection<'_>,
        now_ms: i64,
        slice: u32,
    ) -> Result<PrunedRecords, SqliteError> {
        let slice = slice.max(1) as usize;
        let expired: Vec<(RecordId, TailEntry)> = {
            let index = self.index.read();
            let expired = index.tail.iter().filter(|(_, entry)| entry.expires_at_ms <= now_ms);
            expired.take(slice).map(|(id, entry)| (*id, *entry)).collect()
        };
        let mut deleted = 0;
        for (id, entry) in &expired {
            let done = sql::query("DELETE FROM idempotency_records WHERE number = ? AND expires_at_ms <= ?")
                .bind(entry.number)
                .bind(now_ms)
                .execute(&mut *connection)
                .await?;
            deleted += done.rows_affected();
            match done.rows_affected() {
                // The record was replaced by a commit that seemed to fail.
                0 => self.doubt_everything(),
                _ => self.forgotten.push(*id),
            }
        }
        Ok(PrunedRecords { deleted, complete: deleted < slice as u64 })
    }
}

async fn survivors(
    connection: &mut sql::Connection<'_>,
    numbers: std::ops::RangeInclusive<Number>,
    now_ms: i64,
) -> Result<Vec<Survivor>, SqliteError> {
    let rows = sql::query(
        "SELECT number, hash, expires_at_ms, value FROM idempotency_records
         WHERE number BETWEEN ? AND ? AND expires_at_ms > ?",
    )
    .bind(numbers.start())
    .bind(numbers.end())
    .bind(now_ms)
    .fetch_all(connection)
    .await?;
    let mut survivors = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(id) = id_of(row.try_get(1)?) else { continue };
        let (number, expires_at_ms) = (row.try_get(0)?, row.try_get(2)?);
        survivors.push(Survivor { id, number, expires_at_ms, value: row.try_get(3)? });
    }
    Ok(survivors)
}
