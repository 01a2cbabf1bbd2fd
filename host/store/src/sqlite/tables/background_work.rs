//! The work that background jobs have left. Each count reads an index of what is open, or a table that holds nothing else.

use crate::records::{WorkKind, WorkLeft};
use crate::sql;

fn query(kind: WorkKind) -> &'static str {
    match kind {
        WorkKind::ForgetRequests => {
            "SELECT count(*), min(requested_at_ms) FROM forget_requests WHERE completed_at_ms IS NULL"
        }
        WorkKind::BulkOperations => "SELECT count(*), min(inserted_at_ms) FROM bulk_operations WHERE items IS NOT NULL",
        WorkKind::Expansions => "SELECT count(*), NULL FROM expansions",
        WorkKind::Cancellations => "SELECT count(*), NULL FROM cancellations",
    }
}

/// Counts the work of each kind.
pub(crate) async fn left(readers: &sql::Pool) -> Result<Vec<WorkLeft>, sqlx::Error> {
    let mut found = Vec::with_capacity(WorkKind::ALL.len());
    for kind in WorkKind::ALL {
        let row = sql::query(query(kind)).fetch_one(readers).await?;
        let left: i64 = row.try_get(0)?;
        found.push(WorkLeft { kind, left: left.unsigned_abs(), oldest_ms: row.try_get(1)? });
    }
    Ok(found)
}
