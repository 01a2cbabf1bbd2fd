//! Retention of tables whose key is a hash: each call looks at the next slice of keys and deletes the expired ones.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{HashedTable, PruneHashed, PruneRecords},
    records::PrunedRecords,
    sql,
    sqlite::{error::SqliteError, group_commit::nonces, statements::transaction, write_connection::WriteConnection},
};

fn last_of_slice(table: HashedTable) -> &'static str {
    match table {
        HashedTable::Idempotency => "SELECT hash FROM idempotency WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ?",
        HashedTable::Nonces => "SELECT hash FROM nonces WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ?",
    }
}

fn delete(table: HashedTable) -> &'static str {
    match table {
        HashedTable::Idempotency => "DELETE FROM idempotency WHERE hash > ? AND hash <= ? AND expires_at_ms <= ?",
        HashedTable::Nonces => "DELETE FROM nonces WHERE hash > ? AND hash <= ? AND expires_at_ms <= ?",
    }
}

impl Execute<PruneRecords> for WriteConnection {
    async fn execute(&mut self, operation: PruneRecords) -> Result<PrunedRecords, CommitError> {
        let PruneRecords { now_ms, slice } = operation;
        Ok(self.caches.idempotency.prune(&mut self.connection.plain(), now_ms, slice).await?)
    }
}

impl Execute<PruneHashed> for WriteConnection {
    async fn execute(&mut self, operation: PruneHashed) -> Result<(PrunedRecords, Option<Vec<u8>>), CommitError> {
        let PruneHashed { table, after, now_ms, slice } = operation;
        if matches!(table, HashedTable::Idempotency) && !self.caches.idempotency.has_old_table() {
            return Ok((PrunedRecords { deleted: 0, complete: true }, None));
        }
        let last: Option<Vec<u8>> = sql::query_scalar(last_of_slice(table))
            .bind(&after)
            .bind(i64::from(slice).max(1) - 1)
            .fetch_optional(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        // Without such a record this slice reaches the end. Hashes have 16 bytes, so a longer value is greater than all.
        let to = last.clone().unwrap_or_else(|| vec![0xff; 17]);
        let deleted = transaction::run(self.connection.plain(), async |connection| {
            if let HashedTable::Nonces = table {
                nonces::move_horizon(connection, &after, &to, now_ms).await?;
            }
            Ok(sql::query(delete(table)).bind(&after).bind(&to).bind(now_ms).execute(connection).await?)
        })
        .await;
        if let HashedTable::Nonces = table {
            self.nonce_horizon_ms = None;
        }
        let deleted = deleted?;
        if matches!(table, HashedTable::Idempotency) && last.is_none() {
            self.caches.idempotency.check_old_table(&mut self.connection.plain()).await?;
        }
        Ok((PrunedRecords { deleted: deleted.rows_affected(), complete: last.is_none() }, last))
    }
}
