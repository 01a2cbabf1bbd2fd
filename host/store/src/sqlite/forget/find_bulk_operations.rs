//! Finding bulk operations over users that name a user.

use inlet_core::{json, subject::Subject};
use uuid::Uuid;

use crate::{records::ForgetFound, sql, sqlite::statements::uuids};

/// Bulk operations that one slice looks at. One may have a thousand errors.
const ROWS: i64 = 50;

/// Returns the next slice of bulk operations between two ids that are both excluded; none if there are no more.
pub(super) async fn slice(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    (after, before): (Vec<u8>, Vec<u8>),
    subject: &Subject,
) -> Result<Option<(Uuid, ForgetFound)>, sqlx::Error> {
    let rows = sql::query(
        "SELECT id, CASE WHEN substr(operation, 1, 6) = 'users.' AND instr(errors, ?) > 0 THEN errors END
         FROM bulk_operations WHERE environment_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?",
    )
    .bind(json::quote(subject.id()))
    .bind(environment)
    .bind(after)
    .bind(before)
    .bind(ROWS)
    .fetch_all(connection)
    .await?;
    let (mut last, mut found) = (None, Vec::new());
    for row in &rows {
        let id = uuids::read(row, 0)?;
        let errors: Option<&str> = row.try_get(1)?;
        if let Some((errors, count)) = errors.and_then(|errors| subject.removed_from_errors(errors)) {
            found.push((id, errors, count));
        }
        last = Some(id);
    }
    Ok(last.map(|last| (last, ForgetFound::BulkOperations(found))))
}
