//! Bulk operations of the recipients API.

use inlet_core::{json, log::Outcome, settle::Settlement};
use uuid::Uuid;

use crate::{
    backend::Execute,
    clock::now_ms,
    error::CommitError,
    operations::{CreateBulkOperation, FailBulkOperation},
    records::{BulkOperationRecord, BulkProgress, NewBulkOperation, ReadMemory},
    sql,
    sqlite::{
        error::SqliteError,
        forget::waits as forget,
        statements::{transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// The most bulk operations of one environment that have not ended.
const MAX_OPEN: i64 = 1000;
/// The most bytes of items of one environment's bulk operations that have not ended.
const MAX_OPEN_BYTES: i64 = 256 << 20;

const COLUMNS: &str = "environment_id, id, operation, collection, total, processed, succeeded, errors, inserted_at_ms,
    updated_at_ms, started_at_ms, completed_at_ms, failed_at_ms";

impl Execute<CreateBulkOperation> for WriteConnection {
    async fn execute(&mut self, CreateBulkOperation { new }: CreateBulkOperation) -> Result<bool, CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| Ok(insert(connection, &new).await?)).await?)
    }
}

async fn insert(connection: &mut sql::Connection<'_>, new: &NewBulkOperation) -> Result<bool, sqlx::Error> {
    let (open, bytes): (i64, i64) = sql::query_as(
        "SELECT count(*), coalesce(sum(octet_length(items)), 0) FROM bulk_operations
         WHERE environment_id = ? AND items IS NOT NULL",
    )
    .bind(new.environment_id)
    .fetch_one(&mut *connection)
    .await?;
    if open >= MAX_OPEN || bytes + new.items.len() as i64 > MAX_OPEN_BYTES {
        return Ok(false);
    }
    let now_ms = now_ms();
    sql::query(
        "INSERT INTO bulk_operations
             (environment_id, id, operation, collection, items, total, inserted_at_ms, updated_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.environment_id)
    .bind(new.id.as_bytes().as_slice())
    .bind(&new.operation)
    .bind(&new.collection)
    .bind(&new.items)
    .bind(new.total)
    .bind(now_ms)
    .bind(now_ms)
    .execute(connection)
    .await?;
    Ok(true)
}

/// Moves a bulk operation past a chunk; returns false if it does not stand at the chunk's start any more, or if a user of the
/// chunk was asked to be forgotten.
pub(crate) async fn step(
    connection: &mut sql::Connection<'_>,
    progress: &BulkProgress,
    settlements: &[Settlement],
) -> Result<bool, sqlx::Error> {
    let forgotten =
        forget::which_since(connection, progress.environment_id, progress.id, &progress.user_hashes).await?;
    if forgotten.contains(&true) {
        return Ok(false);
    }
    let is_failed = |settlement: &Settlement| settlement.outcome == Outcome::Failed;
    let failed = progress.item_ids.iter().zip(settlements).filter(|(_, settlement)| is_failed(settlement));
    let errors: Vec<String> = failed
        .map(|(id, settlement)| {
            let (id, message) = (json::quote(id), json::quote(settlement.reason.as_deref().unwrap_or_default()));
            let collection = progress.collection.as_deref().map(json::quote);
            let collection = collection.as_deref().unwrap_or("null");
            json::object([("id", id.as_str()), ("collection", collection), ("message", &message)])
        })
        .collect();
    let moved = sql::query(
        "UPDATE bulk_operations
         SET processed = processed + ?3, succeeded = succeeded + ?4,
             errors = CASE
                 WHEN ?5 = '[]' THEN errors
                 WHEN errors = '[]' THEN ?5
                 ELSE substr(errors, 1, length(errors) - 1) || ',' || substr(?5, 2)
             END,
             started_at_ms = coalesce(started_at_ms, ?6), updated_at_ms = ?6,
             completed_at_ms = CASE WHEN processed + ?3 >= total THEN ?6 END,
             items = CASE WHEN processed + ?3 >= total THEN NULL ELSE items END
         WHERE environment_id = ?1 AND id = ?2 AND processed = ?7 AND items IS NOT NULL",
    )
    .bind(progress.environment_id)
    .bind(progress.id.as_bytes().as_slice())
    .bind(settlements.len() as i64)
    .bind((settlements.len() - errors.len()) as i64)
    .bind(json::array(&errors))
    .bind(now_ms())
    .bind(progress.from)
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

impl Execute<FailBulkOperation> for WriteConnection {
    async fn execute(
        &mut self,
        FailBulkOperation { environment_id, id }: FailBulkOperation,
    ) -> Result<(), CommitError> {
        sql::query(
            "UPDATE bulk_operations SET failed_at_ms = ?3, updated_at_ms = ?3, items = NULL
             WHERE environment_id = ?1 AND id = ?2 AND items IS NOT NULL",
        )
        .bind(environment_id)
        .bind(id.as_bytes().as_slice())
        .bind(now_ms())
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(())
    }
}

/// Returns the oldest bulk operation of each environment that has not ended.
pub(crate) async fn open(readers: &sql::Pool) -> Result<Vec<BulkOperationRecord>, sqlx::Error> {
    // PostgreSQL has no min() of bytes before 18.
    let oldest = match readers.is_postgres() {
        true => {
            "SELECT DISTINCT ON (environment_id) environment_id, id FROM bulk_operations WHERE items IS NOT NULL
             ORDER BY environment_id, id"
        }
        false => "SELECT environment_id, min(id) FROM bulk_operations WHERE items IS NOT NULL GROUP BY environment_id",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM bulk_operations WHERE (environment_id, id) IN ({oldest})
         AND environment_id IN (SELECT id FROM environments WHERE deleted_at_ms IS NULL)"
    );
    let rows = sql::query(sql).fetch_all(readers).await?;
    rows.iter().map(read).collect()
}

/// Returns one bulk operation; none, outermost, if there is no memory for it.
pub(crate) async fn one(
    readers: &sql::Pool,
    environment: i64,
    id: Uuid,
    memory: &dyn ReadMemory,
) -> Result<Option<Option<BulkOperationRecord>>, sqlx::Error> {
    let size: Option<i64> =
        sql::query_scalar("SELECT octet_length(errors) FROM bulk_operations WHERE environment_id = ? AND id = ?")
            .bind(environment)
            .bind(id.as_bytes().to_vec())
            .fetch_optional(readers)
            .await?;
    if !memory.reserve(size.unwrap_or_default().unsigned_abs()) {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM bulk_operations WHERE environment_id = ? AND id = ?");
    let row = sql::query(sql).bind(environment).bind(id.as_bytes().to_vec()).fetch_optional(readers).await?;
    row.as_ref().map(read).transpose().map(Some)
}

/// Returns the items of a bulk operation, a JSON array; none if it has ended.
pub(crate) async fn items(readers: &sql::Pool, environment: i64, id: Uuid) -> Result<Option<String>, sqlx::Error> {
    let items: Option<Option<String>> =
        sql::query_scalar("SELECT items FROM bulk_operations WHERE environment_id = ? AND id = ?")
            .bind(environment)
            .bind(id.as_bytes().to_vec())
            .fetch_optional(readers)
            .await?;
    Ok(items.flatten())
}

fn read(row: &sql::Row) -> Result<BulkOperationRecord, sqlx::Error> {
    Ok(BulkOperationRecord {
        environment_id: row.try_get(0)?,
        id: uuids::read(row, 1)?,
        operation: row.try_get(2)?,
        collection: row.try_get(3)?,
        total: row.try_get(4)?,
        processed: row.try_get(5)?,
        succeeded: row.try_get(6)?,
        errors: row.try_get(7)?,
        inserted_at_ms: row.try_get(8)?,
        updated_at_ms: row.try_get(9)?,
        started_at_ms: row.try_get(10)?,
        completed_at_ms: row.try_get(11)?,
        failed_at_ms: row.try_get(12)?,
    })
}
