//! Rows that name a user and go by themselves: waits of triggers, cancellations, and bulk operations that are under way.

use inlet_core::{
    Uuid, json,
    recipient::{RecipientKey, USERS},
    subject::Subject,
};

use super::{erase::overwriting, requests};
use crate::{
    backend::Execute,
    error::CommitError,
    operations::ForgetWaits,
    sql,
    sqlite::{caches::ParkedRecipients, error::SqliteError, write_connection::WriteConnection},
};

/// The greatest id.
const ANY: [u8; 16] = [0xff; 16];

/// Ends all waits of triggers for a user, as a deletion does; returns their number. The job that ends waits logs them, counts
/// them out at their triggers, and deletes them.
pub(super) async fn drop_all(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    user_id: &str,
) -> Result<u64, SqliteError> {
    Ok(drop_before(connection, environment, user_id, &ANY).await?)
}

async fn drop_before(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    user_id: &str,
    before: &[u8],
) -> Result<u64, sqlx::Error> {
    // At most as many rows as triggers may wait for one recipient.
    let ended = sql::query(
        "UPDATE parked_recipients SET state = 3, expires_at_ms = 0
         WHERE environment_id = ? AND collection = ? AND id = ? AND event_id < ? AND state = 0",
    )
    .bind(environment)
    .bind(USERS)
    .bind(user_id)
    .bind(before)
    .execute(connection)
    .await?;
    Ok(ended.rows_affected())
}

/// Counts waits that ended out of those in memory.
pub(super) fn count_out(parked: &mut ParkedRecipients, environment: i64, user: &RecipientKey, ended: u64) {
    (0..ended).for_each(|_| parked.remove(environment, user));
    parked.committed();
}

impl Execute<ForgetWaits> for WriteConnection {
    async fn execute(&mut self, operation: ForgetWaits) -> Result<(), CommitError> {
        let ended =
            overwriting(&mut self.connection.plain(), async |connection| Ok(end(connection, &operation).await?)).await;
        match ended {
            Ok(Some((user, ended))) => {
                count_out(&mut self.caches.parked, operation.environment_id, &user, ended);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => {
                self.caches.parked.distrust();
                Err(error.into())
            }
        }
    }
}

/// Ends the waits that began before an id, and takes the user out of expansions whose actor it is. Returns the user and the
/// number of waits; none if the request is gone.
async fn end(
    connection: &mut sql::Connection<'_>,
    ForgetWaits { environment_id, id, before }: &ForgetWaits,
) -> Result<Option<(RecipientKey, u64)>, sqlx::Error> {
    let Some(mut record) = requests::progress(connection, *environment_id, *id).await? else { return Ok(None) };
    let Some(subject) = record.subject.clone() else { return Ok(None) };
    let before = before.as_bytes().as_slice();
    let ended = drop_before(connection, *environment_id, subject.id(), before).await?;
    // The user is no subscriber any more, so nobody need leave it out.
    sql::query(
        "UPDATE expansions SET actor_collection = NULL, actor_id = NULL
         WHERE environment_id = ? AND run_id < ? AND actor_collection = ? AND actor_id = ?",
    )
    .bind(environment_id)
    .bind(before)
    .bind(USERS)
    .bind(subject.id())
    .execute(&mut *connection)
    .await?;
    if ended > 0 {
        record.counts.waits += ended;
        requests::set_progress(connection, &record).await?;
    }
    Ok(Some((RecipientKey::user(subject.id()), ended)))
}

/// Returns true if something from before an id names a user and is still worked off: waits that ended and are not logged,
/// cancellations, or bulk operations over users.
pub(crate) async fn is_awaited(
    readers: &sql::Pool,
    environment: i64,
    before: Uuid,
    subject: &Subject,
) -> Result<bool, sqlx::Error> {
    let quoted = json::quote(subject.id());
    sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM parked_recipients
                 WHERE environment_id = ?1 AND collection = ?2 AND id = ?3 AND event_id < ?4)
             OR EXISTS (SELECT 1 FROM cancellations
                 WHERE environment_id = ?1 AND event < ?4
                     AND (instr(recipients, ?5) > 0 OR cancellation_key = ?3 OR lower(trim(cancellation_key)) = ?6))
             OR EXISTS (SELECT 1 FROM bulk_operations
                 WHERE environment_id = ?1 AND id < ?4 AND items IS NOT NULL AND substr(operation, 1, 6) = 'users.'
                     AND instr(items, ?5) > 0)",
    )
    .bind(environment)
    .bind(USERS)
    .bind(subject.id().to_owned())
    .bind(before.as_bytes().to_vec())
    .bind(quoted)
    .bind(subject.email().map(str::to_owned))
    .fetch_one(readers)
    .await
}

/// Returns which of these users, by the hashes of their ids, were asked to be forgotten after an id.
pub(crate) async fn forgotten_since(
    readers: &sql::Pool,
    environment: i64,
    since: Uuid,
    user_hashes: &[[u8; 16]],
) -> Result<Vec<bool>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    which_since(&mut reader.connection(), environment, since, user_hashes).await
}

/// Does the same as [`forgotten_since`], in a transaction.
pub(crate) async fn which_since(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    since: Uuid,
    user_hashes: &[[u8; 16]],
) -> Result<Vec<bool>, sqlx::Error> {
    let since = since.as_bytes().as_slice();
    let any: bool =
        sql::query_scalar("SELECT EXISTS (SELECT 1 FROM forget_requests WHERE environment_id = ? AND id > ?)")
            .bind(environment)
            .bind(since)
            .fetch_one(&mut *connection)
            .await?;
    if !any {
        return Ok(vec![false; user_hashes.len()]);
    }
    let mut forgotten = Vec::with_capacity(user_hashes.len());
    for hash in user_hashes {
        let sql = "SELECT EXISTS (SELECT 1 FROM forget_requests WHERE environment_id = ? AND user_hash = ? AND id > ?)";
        let found = sql::query_scalar(sql).bind(environment).bind(hash.as_slice()).bind(since);
        forgotten.push(found.fetch_one(&mut *connection).await?);
    }
    Ok(forgotten)
}
