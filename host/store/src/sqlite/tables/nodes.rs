//! The servers that share the database. The database's clock decides which of them are alive.

use super::quarantines::read_quarantine;
use crate::{
    backend::Execute,
    error::CommitError,
    operations::{KeepNode, RemoveNode},
    records::{NewNode, NodeRecord, SharedVersion},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{database_time::now_ms, uuids},
        write_connection::{WriteConnection, WriterConnection},
    },
};

/// The time for which a server is listed that is not heard of any more.
const LISTED_MS: i64 = 60 * 60 * 1000;

impl Execute<KeepNode> for WriteConnection {
    async fn execute(&mut self, operation: KeepNode) -> Result<(), CommitError> {
        keep(&mut self.connection.plain(), &operation).await.map_err(SqliteError::from)?;
        if let WriterConnection::Postgres(writer) = &mut self.connection {
            writer.keep_alive(operation.node.id).await.map_err(SqliteError::from)?;
        }
        Ok(())
    }
}

impl Execute<RemoveNode> for WriteConnection {
    async fn execute(&mut self, RemoveNode { id }: RemoveNode) -> Result<(), CommitError> {
        sql::query("DELETE FROM nodes WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}

async fn keep(connection: &mut sql::Connection<'_>, operation: &KeepNode) -> Result<(), sqlx::Error> {
    let KeepNode { node: NewNode { id, name, version, started_at_ms }, ttl_ms, clock_behind_ms } = operation;
    sql::query(concat!(
        "INSERT INTO nodes (id, name, version, started_at_ms, clock_behind_ms, seen_at_ms, leased_until_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ",
        now_ms!(),
        ", ",
        now_ms!(),
        " + ?6)
         ON CONFLICT (id) DO UPDATE SET clock_behind_ms = excluded.clock_behind_ms, seen_at_ms = excluded.seen_at_ms,
             leased_until_ms = excluded.leased_until_ms"
    ))
    .bind(id.as_bytes().as_slice())
    .bind(name)
    .bind(version)
    .bind(started_at_ms)
    .bind(clock_behind_ms)
    .bind(ttl_ms)
    .execute(&mut *connection)
    .await?;
    sql::query(concat!("DELETE FROM nodes WHERE seen_at_ms < ", now_ms!(), " - ?1"))
        .bind(LISTED_MS)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// Returns the servers, the first started first.
pub(crate) async fn nodes(readers: &sql::Pool) -> Result<Vec<NodeRecord>, sqlx::Error> {
    sql::query(concat!(
        "SELECT id, name, version, started_at_ms, seen_at_ms, clock_behind_ms,
             CASE WHEN leased_until_ms > ",
        now_ms!(),
        " THEN 1 ELSE 0 END FROM nodes ORDER BY started_at_ms, id"
    ))
    .try_map(|row| {
        let node = NewNode {
            id: uuids::read(row, 0)?,
            name: row.try_get(1)?,
            version: row.try_get(2)?,
            started_at_ms: row.try_get(3)?,
        };
        let is_alive = row.try_get::<i64>(6)? == 1;
        Ok(NodeRecord { node, seen_at_ms: row.try_get(4)?, clock_behind_ms: row.try_get(5)?, is_alive })
    })
    .fetch_all(readers)
    .await
}

/// Returns what other servers may have changed.
pub(crate) async fn shared_version(readers: &sql::Pool) -> Result<SharedVersion, sqlx::Error> {
    let row = sql::query(
        "SELECT (SELECT id FROM changes ORDER BY id DESC LIMIT 1), (SELECT coalesce(max(rowid), 0) FROM event_logs),
             (SELECT string_agg(source_environment_id || ' ' || digest || ' ' || since_ms || ' ' || faults || ' ' || calls, ',')
              FROM quarantines)",
    )
    .fetch_one(readers)
    .await?;
    let configuration: Option<&[u8]> = row.try_get(0)?;
    let configuration = configuration.map(|_| uuids::read(&row, 0)).transpose()?;
    let quarantines: Option<&str> = row.try_get(2)?;
    let quarantines = quarantines.into_iter().flat_map(|list| list.split(',')).map(read_quarantine);
    let quarantines = quarantines.collect::<Result<_, _>>()?;
    Ok(SharedVersion { configuration, newest_event: row.try_get(1)?, quarantines })
}

/// Returns the size of the database on a server, in bytes.
pub(crate) async fn database_bytes(readers: &sql::Pool) -> Result<u64, sqlx::Error> {
    let bytes: i64 = sql::query_scalar("SELECT pg_database_size(current_database())").fetch_one(readers).await?;
    Ok(bytes.unsigned_abs())
}
