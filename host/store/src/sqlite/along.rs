//! What is written with a job's events besides them: the request, what is repaired by it, how far its replay is.

use std::sync::LazyLock;

use inlet_core::settle::{Job, Settlement};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{attention, changes, failure::Failure, ids, multi_row::MultiRow, replays};
use crate::{along::Along, attention::KeptRequest};

static RERUNS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::insert("reruns", "source_environment_id, event_id, rerun_of, replay_id", ""));

/// Writes what goes along with a job. Fails when somebody else has done meanwhile what it was to do.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    job: &Job,
    along: &Along,
    settlements: &[Settlement],
) -> Result<(), Failure> {
    let source_environment = job.source_environment;
    for event in &along.repairs {
        if attention::close(connection, source_environment, *event).await? != 1 {
            return Err(Failure::Superseded("the entry was repaired or dismissed in the meantime"));
        }
    }
    if let Some(id) = along.takes_refused {
        let taken = sqlx::query("DELETE FROM refused_requests WHERE source_environment_id = ? AND id = ?")
            .bind(source_environment)
            .bind(id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
        if taken.rows_affected() != 1 {
            return Err(Failure::Superseded("the refused request was let in, or left its ring, in the meantime"));
        }
    }
    if let Some(request) = &along.keep {
        keep(connection, source_environment, request).await?;
    }
    let replay_id = along.progress.as_ref().map(|progress| progress.replay_id);
    let reruns: Vec<(Uuid, Uuid)> =
        job.items.iter().zip(&along.reruns).map(|(item, rerun)| (item.log.id, rerun.of)).collect();
    RERUNS
        .execute(connection, &reruns, |row, (event, of)| {
            row.int(source_environment).blob(event.as_bytes()).blob(of.as_bytes());
            row.optional_blob(replay_id.as_ref().map(|id| id.as_bytes().as_slice()));
        })
        .await?;
    if let Some(progress) = &along.progress {
        replays::step(connection, source_environment, progress, settlements).await?;
    }
    if let Some(change) = &along.change {
        changes::record(connection, change).await?;
    }
    Ok(())
}

async fn keep(
    connection: &mut SqliteConnection,
    source_environment: i64,
    request: &KeptRequest,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO kept_requests
             (source_environment_id, id, received_at_ms, method, path, query, headers, verification,
              verification_rest, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(source_environment)
    .bind(request.id.as_bytes().as_slice())
    .bind(request.received_at_ms)
    .bind(&request.method)
    .bind(&request.path)
    .bind(&request.query)
    .bind(&request.headers)
    .bind(&request.verification)
    .bind(&request.verification_rest)
    .bind(request.body.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// A request that was kept.
pub(crate) async fn kept_request(
    readers: &SqlitePool,
    source_environment: i64,
    id: Uuid,
) -> Result<Option<KeptRequest>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT id, received_at_ms, method, path, query, headers, verification, verification_rest, body
         FROM kept_requests WHERE source_environment_id = ? AND id = ?",
    )
    .bind(source_environment)
    .bind(id.as_bytes().as_slice())
    .fetch_optional(readers)
    .await?;
    let read = |row: &SqliteRow| {
        Ok(KeptRequest {
            id: ids::read(row, 0)?,
            received_at_ms: row.try_get(1)?,
            method: row.try_get(2)?,
            path: row.try_get(3)?,
            query: row.try_get(4)?,
            headers: row.try_get(5)?,
            verification: row.try_get(6)?,
            verification_rest: row.try_get(7)?,
            body: row.try_get::<Option<Vec<u8>>, _>(8)?.map(Into::into),
        })
    };
    row.as_ref().map(read).transpose()
}
