//! The store's time in the database, and the times of the newest ids.

use std::sync::Arc;

use super::change_log;
use crate::{
    backend::Execute,
    clock::{StoreClock, SystemClock},
    error::{ChangeError, CommitError},
    operations::{AcceptSystemTime, KeepStoreTime},
    records::uuid_time,
    sql,
    sqlite::{
        error::SqliteError,
        statements::{transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// Returns the store's clock, which continues where the last process stopped.
pub(crate) async fn clock(
    connection: &mut sql::Connection<'_>,
    system: Arc<dyn SystemClock>,
) -> Result<Arc<StoreClock>, sqlx::Error> {
    let stored = sql::query("SELECT value FROM meta WHERE key = 'store_time'").fetch_optional(&mut *connection).await?;
    let stored_ms = stored.as_ref().map(read_ms).transpose()?;
    Ok(Arc::new(StoreClock::start(system, stored_ms, newest_id_ms(connection).await?)))
}

fn read_ms(row: &sql::Row) -> Result<i64, sqlx::Error> {
    let bytes: &[u8] = row.try_get(0)?;
    let bytes = bytes.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?;
    Ok(i64::from_be_bytes(bytes))
}

/// Returns the time in the newest id of what is stored in the order of its arrival. Each look-up is one step down an index.
async fn newest_id_ms(connection: &mut sql::Connection<'_>) -> Result<Option<i64>, sqlx::Error> {
    const OF_SOURCES: [&str; 4] = [
        "SELECT (SELECT id FROM event_logs WHERE source_environment_id = s.id ORDER BY id DESC LIMIT 1)
         FROM source_environments s",
        "SELECT (SELECT id FROM refused_requests WHERE source_environment_id = s.id ORDER BY id DESC LIMIT 1)
         FROM source_environments s",
        "SELECT (SELECT id FROM replays WHERE source_environment_id = s.id ORDER BY id DESC LIMIT 1)
         FROM source_environments s",
        "SELECT (SELECT id FROM workflow_runs WHERE environment_id = e.id ORDER BY id DESC LIMIT 1) FROM environments e",
    ];
    let mut newest = None;
    for sql in OF_SOURCES {
        for row in sql::query(sql).fetch_all(&mut *connection).await? {
            if row.try_get::<Option<&[u8]>>(0)?.is_some() {
                newest = newest.max(Some(uuid_time::time_of(uuids::read(&row, 0)?)));
            }
        }
    }
    Ok(newest)
}

async fn write(connection: &mut sql::Connection<'_>, ms: i64) -> Result<(), sqlx::Error> {
    sql::query(
        "INSERT INTO meta (key, value) VALUES ('store_time', ?)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(ms.to_be_bytes().to_vec())
    .execute(connection)
    .await?;
    Ok(())
}

impl Execute<KeepStoreTime> for WriteConnection {
    async fn execute(&mut self, KeepStoreTime { store_ms }: KeepStoreTime) -> Result<(), CommitError> {
        Ok(write(&mut self.connection.plain(), store_ms).await.map_err(SqliteError::from)?)
    }
}

impl Execute<AcceptSystemTime> for WriteConnection {
    async fn execute(&mut self, operation: AcceptSystemTime) -> Result<(), ChangeError> {
        let AcceptSystemTime { system_ms, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            write(connection, system_ms).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}
