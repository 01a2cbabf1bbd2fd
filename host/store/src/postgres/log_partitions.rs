//! The partitions of event logs and action logs, by the time in their ids. The functions that make and drop them are part of the
//! schema.

use sqlx::PgConnection;

use super::writer::PostgresWriter;
use crate::{
    backend::Execute,
    error::CommitError,
    operations::KeepLogPartitions,
    sql,
    sqlite::{SqliteError, WriteConnection, WriterConnection, transaction},
};

/// Makes the partitions of the coming days: two more than one, so that a server that is alone may be away for a while.
const MAKE: &str = "SELECT make_log_partitions((extract(epoch FROM clock_timestamp()) * 1000)::bigint
    + greatest(3 * 86400000, 2 * log_partition_ms()))";
/// Lets readers of the logs go before their partitions are dropped, for a second at most, while writers wait.
const READERS_FIRST: &str = "SET LOCAL lock_timeout = '1s'";
const DROP: &str = "SELECT drop_log_partitions(?)";
/// The time at which the oldest partition begins, unless it is longer than two: it has what was moved, or time without a server.
const FLOOR: &str = "SELECT CASE WHEN until_ms - from_ms <= 2 * log_partition_ms() THEN from_ms END
    FROM log_partitions ORDER BY until_ms LIMIT 1";
/// SQLSTATE `lock_not_available`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

impl Execute<KeepLogPartitions> for WriteConnection {
    async fn execute(
        &mut self,
        KeepLogPartitions { cutoff_ms }: KeepLogPartitions,
    ) -> Result<Option<i64>, CommitError> {
        let WriterConnection::Postgres(writer) = &mut self.connection else { return Ok(None) };
        Ok(keep(writer, cutoff_ms).await?)
    }
}

async fn keep(writer: &mut PostgresWriter, cutoff_ms: i64) -> Result<Option<i64>, SqliteError> {
    sqlx::query(MAKE).execute(&mut writer.connection).await?;
    let oldest_ms: i64 =
        sqlx::query_scalar("SELECT min(until_ms) FROM log_partitions").fetch_one(&mut writer.connection).await?;
    if oldest_ms <= cutoff_ms {
        match drop_before(writer, cutoff_ms).await {
            Ok(()) => tracing::info!("dropped the partitions of the logs whose retention is over"),
            Err(SqliteError::Database(error)) if is_lock_not_available(&error) => {
                tracing::info!("old partitions of the logs are read now; they are dropped later");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(sqlx::query_scalar(FLOOR).fetch_one(&mut writer.connection).await?)
}

async fn drop_before(writer: &mut PostgresWriter, cutoff_ms: i64) -> Result<(), SqliteError> {
    transaction::run(writer.plain(), async |connection| {
        sql::query(READERS_FIRST).execute(&mut *connection).await?;
        sql::query(DROP).bind(cutoff_ms).execute(connection).await?;
        Ok(())
    })
    .await
}

fn is_lock_not_available(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

/// Makes the partitions of the coming days where a server opens the database, and tells of tables among the partitions that are
/// none of ours: nobody drops them.
pub(super) async fn check(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(MAKE).execute(&mut *connection).await?;
    let others: Vec<String> = sqlx::query_scalar(
        "SELECT inhrelid::regclass::text FROM pg_inherits
         WHERE inhparent IN ('event_logs'::regclass, 'action_logs'::regclass) AND NOT EXISTS (
             SELECT 1 FROM log_partitions CROSS JOIN (VALUES ('event_logs_until_'), ('action_logs_until_')) AS parents (parent)
             WHERE to_regclass(parent || name) = inhrelid)
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await?;
    for table in others {
        tracing::warn!(
            table,
            "a partition of the logs was not made by Inlet; retention deletes its rows and never drops it"
        );
    }
    Ok(())
}
