//! Removing bodies while their event logs stay: small slices, each a short transaction between groups.
//!
//! Each walk passes the events of a source environment once, oldest first, and stores its position: no index tells which
//! events have a body, and none is needed on the event path.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::PruneBodies,
    records::{Bodies, PrunedBodies, uuid_time},
    sql,
    sqlite::{
        statements::{codes, transaction},
        write_connection::WriteConnection,
    },
};

/// Bytes of originals in one slice. SQLite reads every page of a value that it frees.
const SLICE_BYTES: i64 = 8 << 20;
/// Bodies of refused requests in one slice.
const REFUSED: i64 = 50;

/// Returns the column with the position of a walk.
fn column(bodies: Bodies) -> &'static str {
    match bodies {
        Bodies::All => "past_retention",
        Bodies::NotFailed => "not_failed",
    }
}

/// Returns the outcomes whose bodies stay, one bit for each code.
fn kept_outcomes(bodies: Bodies) -> i64 {
    match bodies {
        Bodies::All => 0,
        Bodies::NotFailed => codes::FAILURES,
    }
}

impl Execute<PruneBodies> for WriteConnection {
    async fn execute(&mut self, operation: PruneBodies) -> Result<PrunedBodies, CommitError> {
        let PruneBodies { environment_id, bodies, cutoff_ms, limit } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            Ok(slice(connection, environment_id, bodies, cutoff_ms, limit.into()).await?)
        })
        .await?)
    }
}

/// Continues the walks of an environment up to a time, over at most `limit` events.
async fn slice(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    bodies: Bodies,
    cutoff_ms: i64,
    limit: i64,
) -> Result<PrunedBodies, sqlx::Error> {
    let before = uuid_time::floor(cutoff_ms).as_bytes().to_vec();
    let source_environments: Vec<i64> =
        sql::query_scalar("SELECT id FROM source_environments WHERE environment_id = ?")
            .bind(environment)
            .fetch_all(&mut *connection)
            .await?;
    let mut pruned = PrunedBodies::default();
    for source_environment in source_environments {
        if bodies == Bodies::All {
            let refused = clear_refused(connection, source_environment, &before).await?
                + delete_kept(connection, source_environment, &before).await?;
            pruned.passed += refused;
            pruned.removed += refused;
        }
        let walk = Walk { source_environment, bodies };
        walk.advance(connection, &before, limit, &mut pruned).await?;
        // One source environment is enough for a slice.
        if pruned.passed > 0 {
            break;
        }
    }
    Ok(pruned)
}

async fn clear_refused(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    before: &[u8],
) -> Result<u64, sqlx::Error> {
    let done = sql::query(
        "UPDATE refused_requests SET body = NULL, headers = NULL, query = NULL
         WHERE source_environment_id = ?1 AND id IN (
             SELECT id FROM refused_requests
             WHERE source_environment_id = ?1 AND id < ?2 AND (body IS NOT NULL OR headers IS NOT NULL)
             ORDER BY id LIMIT ?3)",
    )
    .bind(source_environment)
    .bind(before)
    .bind(REFUSED)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes whole requests that were kept to be translated again.
async fn delete_kept(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    before: &[u8],
) -> Result<u64, sqlx::Error> {
    let done = sql::query(
        "DELETE FROM kept_requests WHERE source_environment_id = ?1 AND id IN (
             SELECT id FROM kept_requests WHERE source_environment_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3)",
    )
    .bind(source_environment)
    .bind(before)
    .bind(REFUSED)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// A statement over the events of a slice whose bodies do not stay, with the text before and after this condition.
macro_rules! passed {
    ($before:literal, $after:literal) => {
        sql::each(
            passed!($before, "(? & (1 << outcome)) = 0", $after),
            passed!($before, "(? & (1::bigint << outcome::int)) = 0", $after),
        )
    };
    ($before:literal, $is_not_kept:literal, $after:literal) => {
        concat!($before, "source_environment_id = ? AND id > ? AND id <= ? AND ", $is_not_kept, $after)
    };
}

struct Walk {
    source_environment: i64,
    bodies: Bodies,
}

impl Walk {
    async fn advance(
        &self,
        connection: &mut sql::Connection<'_>,
        before: &[u8],
        limit: i64,
        pruned: &mut PrunedBodies,
    ) -> Result<(), sqlx::Error> {
        let after = self.position(connection).await?;
        let Some((last, passed)) = self.look_ahead(connection, &after, before, limit).await? else { return Ok(()) };
        let actions = sql::query(passed!(
            "UPDATE action_logs SET payload = '' WHERE payload <> '' AND event_id IN (SELECT id FROM event_logs WHERE ",
            ")"
        ));
        self.bind(actions, &after, &last).execute(&mut *connection).await?;
        let events = sql::query(passed!(
            "UPDATE event_logs
             SET original_kind = 3, original = x'', data = NULL, data_at = NULL, data_len = NULL, headers = NULL,
                 guest_logs = NULL
             WHERE ",
            " AND original_kind <> 3"
        ));
        let removed = self.bind(events, &after, &last).execute(&mut *connection).await?;
        pruned.passed += passed;
        pruned.removed += removed.rows_affected();
        self.set_position(connection, &last).await
    }

    fn bind<'q>(&self, query: sql::Query<'q>, after: &[u8], last: &[u8]) -> sql::Query<'q> {
        query.bind(self.source_environment).bind(after.to_vec()).bind(last.to_vec()).bind(kept_outcomes(self.bodies))
    }

    /// Returns the last id that the walk passed; empty at its start.
    async fn position(&self, connection: &mut sql::Connection<'_>) -> Result<Vec<u8>, sqlx::Error> {
        // The name is one of ours; nothing comes from outside.
        let sql = format!("SELECT {} FROM body_walks WHERE source_environment_id = ?", column(self.bodies));
        let found: Option<Vec<u8>> =
            sql::query_scalar(sql).bind(self.source_environment).fetch_optional(connection).await?;
        Ok(found.unwrap_or_default())
    }

    /// Returns the last event of the next slice, and the number of its events.
    async fn look_ahead(
        &self,
        connection: &mut sql::Connection<'_>,
        after: &[u8],
        before: &[u8],
        limit: i64,
    ) -> Result<Option<(Vec<u8>, u64)>, sqlx::Error> {
        let rows = sql::query(
            "SELECT id, octet_length(original) FROM event_logs
             WHERE source_environment_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?",
        )
        .bind(self.source_environment)
        .bind(after)
        .bind(before)
        .bind(limit)
        .fetch_all(connection)
        .await?;
        let (mut last, mut passed, mut bytes) = (None, 0, 0);
        for row in rows {
            bytes += row.try_get::<i64>(1)?;
            // The first is always taken, however large it is.
            if passed > 0 && bytes > SLICE_BYTES {
                break;
            }
            last = Some(row.try_get(0)?);
            passed += 1;
        }
        Ok(last.map(|last| (last, passed)))
    }

    async fn set_position(&self, connection: &mut sql::Connection<'_>, last: &[u8]) -> Result<(), sqlx::Error> {
        let column = column(self.bodies);
        let sql = format!(
            "INSERT INTO body_walks (source_environment_id, {column}) VALUES (?, ?)
             ON CONFLICT (source_environment_id) DO UPDATE SET {column} = excluded.{column}"
        );
        sql::query(sql).bind(self.source_environment).bind(last).execute(connection).await?;
        Ok(())
    }
}
