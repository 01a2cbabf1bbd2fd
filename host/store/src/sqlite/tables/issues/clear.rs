//! Clearing the attention of entries whose issue an operator knows.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::ClearKnownIssues,
    sql,
    sqlite::{
        error::SqliteError,
        statements::{runner::StatementRunner, transaction, uuids},
        tables::attention,
        write_connection::WriteConnection,
    },
};

/// The entries to clear: of those that the server tries again by itself, only the acknowledged ones.
const TO_CLEAR: &str = "SELECT attention.source_environment_id, event_id FROM issues CROSS JOIN attention ON true
    WHERE issues.id = ?1 AND issue_id = ?1 AND open = 1 AND event_id <= known_up_to
      AND (due_at_ms IS NULL OR event_id <= acknowledged_up_to)
    ORDER BY event_id LIMIT ?2";

/// Entries that wait for the server's own tries are cleared after these.
const SET_CLEARING: &str = "UPDATE issues SET is_clearing = CASE WHEN EXISTS (
        SELECT 1 FROM attention WHERE issue_id = ?1 AND open = 1 AND event_id <= known_up_to) THEN 1 ELSE 0 END
    WHERE id = ?1";

/// Returns true if entries of a known issue may still be marked as needing attention.
pub(crate) async fn any_to_clear(readers: &sql::Pool) -> Result<bool, sqlx::Error> {
    sql::query_scalar("SELECT EXISTS (SELECT 1 FROM issues WHERE is_clearing = 1)").fetch_one(readers).await
}

impl Execute<ClearKnownIssues> for WriteConnection {
    async fn execute(&mut self, ClearKnownIssues { limit }: ClearKnownIssues) -> Result<u64, CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let rows =
                sql::query("SELECT id FROM issues WHERE is_clearing = 1 LIMIT 100").fetch_all(&mut *connection).await?;
            let mut cleared = 0;
            for row in &rows {
                let id = uuids::read(row, 0)?;
                let left = limit.saturating_sub(u32::try_from(cleared).unwrap_or(u32::MAX));
                if left == 0 {
                    break;
                }
                cleared += clear(connection, id, left).await?;
            }
            Ok(cleared)
        })
        .await?)
    }
}

/// Clears at most `limit` entries of an issue; returns their number.
pub(super) async fn clear(connection: &mut sql::Connection<'_>, id: Uuid, limit: u32) -> Result<u64, SqliteError> {
    let issue = id.as_bytes().as_slice();
    let rows = sql::query(TO_CLEAR).bind(issue).bind(limit).fetch_all(&mut *connection).await?;
    let mut by_source: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
    for row in &rows {
        by_source.entry(row.try_get(0)?).or_default().push(uuids::read(row, 1)?);
    }
    for (source_environment, events) in by_source {
        attention::close(&mut StatementRunner::Plain(connection.lend()), source_environment, &events).await?;
    }
    if rows.len() < limit as usize {
        sql::query(SET_CLEARING).bind(issue).execute(connection).await?;
    }
    Ok(rows.len() as u64)
}
