//! Writing segments in slices, and removing those whose events are gone.

use std::sync::LazyLock;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{AddLogEntries, BeginLogSegment, FinishLogSegment, PruneLogSegments},
    records::LogSearchEntry,
    sql,
    sqlite::{
        error::SqliteError,
        statements::{multi_row::MultiRow, runner::StatementRunner, transaction},
        write_connection::WriteConnection,
    },
};

static ENTRIES: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::insert("log_search", "segment, hash, event", "ON CONFLICT DO NOTHING"));

impl Execute<BeginLogSegment> for WriteConnection {
    async fn execute(&mut self, BeginLogSegment { limit }: BeginLogSegment) -> Result<Option<i64>, CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| Ok(begin(connection, limit.into()).await?))
            .await?)
    }
}

/// Returns the number of the next segment, or `None` if entries of it are left of a process that was stopped: then at
/// most `limit` of them were deleted.
async fn begin(connection: &mut sql::Connection<'_>, limit: i64) -> Result<Option<i64>, sqlx::Error> {
    let next: i64 =
        sql::query_scalar("SELECT coalesce(max(segment), 0) + 1 FROM log_segments").fetch_one(&mut *connection).await?;
    let left = sql::query(
        "DELETE FROM log_search WHERE (segment, hash, event) IN (
             SELECT segment, hash, event FROM log_search WHERE segment >= ? LIMIT ?)",
    )
    .bind(next)
    .bind(limit)
    .execute(connection)
    .await?;
    Ok((left.rows_affected() == 0).then_some(next))
}

impl Execute<AddLogEntries> for WriteConnection {
    async fn execute(&mut self, operation: AddLogEntries) -> Result<(), CommitError> {
        let AddLogEntries { segment, entries } = operation;
        let statements = &mut self.connection.statements();
        let added = add(statements, segment, &entries).await;
        if added.is_err() {
            transaction::roll_back(&mut statements.own_connection()).await;
            self.reconnect_if_lost().await;
        }
        Ok(added?)
    }
}

async fn add(
    statements: &mut StatementRunner<'_>,
    segment: i64,
    entries: &[LogSearchEntry],
) -> Result<(), SqliteError> {
    // No search knows the segment before it is finished.
    transaction::begin_beside_groups(statements).await?;
    statements
        .write(&ENTRIES, entries, |row, entry| {
            let event = entry.event.as_ref().map_or(&[][..], |event| event.as_slice());
            _ = row.int(segment).int(entry.hash.into()).blob(event);
        })
        .await?;
    transaction::commit(statements).await
}

impl Execute<FinishLogSegment> for WriteConnection {
    async fn execute(&mut self, operation: FinishLogSegment) -> Result<(), CommitError> {
        let FinishLogSegment { segment, source_environment_id, first_id, last_id } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            sql::query(
                "INSERT INTO log_segments (source_environment_id, last_id, first_id, segment) VALUES (?, ?, ?, ?)",
            )
            .bind(source_environment_id)
            .bind(last_id.as_bytes().as_slice())
            .bind(first_id.as_bytes().as_slice())
            .bind(segment)
            .execute(connection)
            .await?;
            Ok(())
        })
        .await?)
    }
}

/// A segment whose events are gone, among the oldest one of each source environment.
macro_rules! prunable {
    ($oldest:literal) => {
        concat!(
            "SELECT segment FROM (",
            $oldest,
            ") AS oldest
             WHERE NOT EXISTS (
                 SELECT 1 FROM event_logs
                 WHERE event_logs.source_environment_id = oldest.source_environment_id AND id <= oldest.last_id)
             LIMIT 1"
        )
    };
}

/// A segment whose events are gone. Events go oldest first, and with them segments.
const PRUNABLE: sql::Text = sql::each(
    prunable!(
        "SELECT source_environment_id, min(last_id) AS last_id, segment FROM log_segments
         GROUP BY source_environment_id"
    ),
    prunable!(
        "SELECT DISTINCT ON (source_environment_id) source_environment_id, last_id, segment FROM log_segments
         ORDER BY source_environment_id, last_id"
    ),
);

/// Returns true if there is a segment whose events are gone.
pub(crate) async fn has_prunable(readers: &sql::Pool) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sql::query_scalar(PRUNABLE).fetch_optional(readers).await?;
    Ok(found.is_some())
}

impl Execute<PruneLogSegments> for WriteConnection {
    async fn execute(&mut self, PruneLogSegments { limit }: PruneLogSegments) -> Result<u64, CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| Ok(prune(connection, limit.into()).await?))
            .await?)
    }
}

/// Deletes at most `limit` entries of segments whose events are all gone, and such segments; returns the number of rows.
async fn prune(connection: &mut sql::Connection<'_>, limit: i64) -> Result<u64, sqlx::Error> {
    let Some(segment) = sql::query_scalar::<i64>(PRUNABLE).fetch_optional(&mut *connection).await? else {
        return Ok(0);
    };
    let entries = sql::query(
        "DELETE FROM log_search WHERE (segment, hash, event) IN (
             SELECT segment, hash, event FROM log_search WHERE segment = ? LIMIT ?)",
    )
    .bind(segment)
    .bind(limit)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if entries > 0 {
        return Ok(entries);
    }
    let deleted = sql::query("DELETE FROM log_segments WHERE segment = ?").bind(segment).execute(connection).await?;
    Ok(deleted.rows_affected())
}
