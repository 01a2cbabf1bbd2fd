//! The rows of requests to forget a user.

use inlet_core::{Uuid, recipient::RecipientKey, subject::Subject};

use super::{erase::overwriting, waits};
use crate::{
    backend::Execute,
    clock::now_ms,
    error::CommitError,
    operations::{BeginForget, CompleteForget, EndForgetWalks, ForgetRelations, SetForgetGoal},
    records::{ForgetCounts, ForgetRecord},
    sql,
    sqlite::{
        error::SqliteError,
        group_commit::rows::delete_recipients,
        statements::{runner::StatementRunner, uuids},
        tables::change_log,
        write_connection::WriteConnection,
    },
};

const COLUMNS: &str = "environment_id, id, user_id, email, requested_at_ms, goal, positions, counts, completed_at_ms";

impl Execute<BeginForget> for WriteConnection {
    async fn execute(&mut self, operation: BeginForget) -> Result<ForgetRecord, CommitError> {
        let begun =
            overwriting(&mut self.connection.plain(), async |connection| begin(connection, &operation).await).await;
        let user = RecipientKey::user(&operation.user_id);
        let ended = begun.map(|(record, ended)| {
            waits::count_out(&mut self.caches.parked, operation.environment_id, &user, ended);
            record
        });
        if ended.is_err() {
            self.caches.parked.distrust();
        }
        Ok(ended?)
    }
}

/// Deletes the user, ends the waits for it, and inserts the request, unless there is an open one. Returns the request and the
/// number of waits.
async fn begin(connection: &mut sql::Connection<'_>, new: &BeginForget) -> Result<(ForgetRecord, u64), SqliteError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM forget_requests
         WHERE environment_id = ? AND user_hash = ? AND completed_at_ms IS NULL AND user_id IS NOT NULL LIMIT 1"
    );
    let open = sql::query(sql).bind(new.environment_id).bind(new.user_hash.as_slice());
    let open = open.fetch_optional(&mut *connection).await?;
    let user = RecipientKey::user(&new.user_id);
    let stored =
        sql::query("SELECT seq, properties FROM recipients WHERE environment_id = ? AND collection = ? AND id = ?")
            .bind(new.environment_id)
            .bind(&*user.collection)
            .bind(&user.id)
            .fetch_optional(&mut *connection)
            .await?;
    let (seq, properties): (Option<i64>, Option<String>) = match stored {
        Some(row) => (Some(row.try_get(0)?), Some(row.try_get(1)?)),
        None => (None, None),
    };
    delete_recipients(&mut StatementRunner::Plain(connection.lend()), &[(new.environment_id, &user)]).await?;
    let ended = waits::drop_all(connection, new.environment_id, &new.user_id).await?;
    let email = properties.as_deref().and_then(Subject::email_of);
    if let Some(row) = open {
        // The walks go on up to now: the user may have been identified again.
        let mut record = read(&row)?;
        record.counts.waits += ended;
        set_progress(connection, &record).await?;
        sql::query(
            "UPDATE forget_requests SET goal = NULL, user_seq = coalesce(?, user_seq), email = coalesce(email, ?)
             WHERE environment_id = ? AND id = ?",
        )
        .bind(seq)
        .bind(email)
        .bind(record.environment_id)
        .bind(record.id.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
        log(connection, new, record.id).await?;
        return Ok((record, ended));
    }
    let record = ForgetRecord {
        environment_id: new.environment_id,
        id: new.id,
        subject: Some(Subject::new(&new.user_id, email.as_deref())),
        requested_at_ms: now_ms(),
        goal: None,
        positions: Default::default(),
        counts: ForgetCounts { users: u64::from(properties.is_some()), waits: ended, ..ForgetCounts::default() },
        completed_at_ms: None,
    };
    sql::query(
        "INSERT INTO forget_requests
             (environment_id, id, user_hash, user_id, email, user_seq, requested_at_ms, positions, counts)
         VALUES (?, ?, ?, ?, ?, ?, ?, '{}', ?)",
    )
    .bind(record.environment_id)
    .bind(record.id.as_bytes().as_slice())
    .bind(new.user_hash.as_slice())
    .bind(&new.user_id)
    .bind(record.subject.as_ref().and_then(Subject::email))
    .bind(seq)
    .bind(record.requested_at_ms)
    .bind(counts_text(&record.counts))
    .execute(&mut *connection)
    .await?;
    log(connection, new, record.id).await?;
    Ok((record, ended))
}

/// Writes who asked for the request into the log of changes, if an operator did.
async fn log(connection: &mut sql::Connection<'_>, new: &BeginForget, request: Uuid) -> Result<(), sqlx::Error> {
    match &new.log {
        Some(log) => change_log::record(connection, &log.with_id(request)).await,
        None => Ok(()),
    }
}

impl Execute<ForgetRelations> for WriteConnection {
    async fn execute(&mut self, operation: ForgetRelations) -> Result<ForgetCounts, CommitError> {
        Ok(overwriting(&mut self.connection.plain(), async |connection| {
            Ok(forget_relations(connection, &operation).await?)
        })
        .await?)
    }
}

/// Deletes at most `limit` subscriptions and as many memberships of the user's deleted row, and the row after them. All counts
/// are zero if none is left.
async fn forget_relations(
    connection: &mut sql::Connection<'_>,
    ForgetRelations { environment_id, id, limit }: &ForgetRelations,
) -> Result<ForgetCounts, sqlx::Error> {
    let row = sql::query_scalar("SELECT user_seq FROM forget_requests WHERE environment_id = ? AND id = ?")
        .bind(environment_id)
        .bind(id.as_bytes().as_slice());
    let seq: Option<Option<i64>> = row.fetch_optional(&mut *connection).await?;
    let Some(mut record) = progress(connection, *environment_id, *id).await? else {
        return Ok(ForgetCounts::default());
    };
    let Some(seq) = seq.flatten() else { return Ok(ForgetCounts::default()) };
    let mut deleted = [0; 2];
    for (deleted, sql) in deleted.iter_mut().zip([DELETE_SUBSCRIPTIONS, DELETE_MEMBERSHIPS]) {
        let done = sql::query(sql).bind(environment_id).bind(seq).bind(limit).execute(&mut *connection).await?;
        *deleted = done.rows_affected();
    }
    let [subscriptions, audience_members] = deleted;
    let counts = ForgetCounts { subscriptions, audience_members, ..ForgetCounts::default() };
    if deleted == [0, 0] {
        sql::query("DELETE FROM recipients WHERE seq = ? AND collection = '#deleted'")
            .bind(seq)
            .execute(&mut *connection)
            .await?;
        sql::query("UPDATE forget_requests SET user_seq = NULL WHERE environment_id = ? AND id = ?")
            .bind(environment_id)
            .bind(id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    record.counts += counts;
    set_progress(connection, &record).await?;
    Ok(counts)
}

const DELETE_SUBSCRIPTIONS: &str = "DELETE FROM subscriptions WHERE environment_id = ?1
    AND (object_seq, recipient_seq) IN (
        SELECT object_seq, recipient_seq FROM subscriptions
        WHERE environment_id = ?1 AND recipient_seq = ?2 LIMIT ?3)";
const DELETE_MEMBERSHIPS: &str = "DELETE FROM audience_members WHERE environment_id = ?1
    AND (audience, user_seq, tenant_id) IN (
        SELECT audience, user_seq, tenant_id FROM audience_members
        WHERE environment_id = ?1 AND user_seq = ?2 LIMIT ?3)";

impl Execute<SetForgetGoal> for WriteConnection {
    async fn execute(&mut self, SetForgetGoal { environment_id, id, goal }: SetForgetGoal) -> Result<(), CommitError> {
        sql::query("UPDATE forget_requests SET goal = ? WHERE environment_id = ? AND id = ? AND goal IS NULL")
            .bind(goal.as_bytes().as_slice())
            .bind(environment_id)
            .bind(id.as_bytes().as_slice())
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<EndForgetWalks> for WriteConnection {
    async fn execute(&mut self, operation: EndForgetWalks) -> Result<(), CommitError> {
        let EndForgetWalks { environment_id, id, goal } = operation;
        Ok(overwriting(&mut self.connection.plain(), async |connection| {
            sql::query(
                "UPDATE forget_requests SET user_id = NULL, email = NULL, positions = '{}'
                 WHERE environment_id = ? AND id = ? AND goal = ?",
            )
            .bind(environment_id)
            .bind(id.as_bytes().as_slice())
            .bind(goal.as_bytes().as_slice())
            .execute(connection)
            .await?;
            Ok(())
        })
        .await?)
    }
}

impl Execute<CompleteForget> for WriteConnection {
    async fn execute(&mut self, CompleteForget { environment_id, id }: CompleteForget) -> Result<(), CommitError> {
        sql::query(
            "UPDATE forget_requests SET completed_at_ms = ?
             WHERE environment_id = ? AND id = ? AND completed_at_ms IS NULL",
        )
        .bind(now_ms())
        .bind(environment_id)
        .bind(id.as_bytes().as_slice())
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(())
    }
}

/// Returns the counts and the positions of an open request; none if it is gone.
pub(super) async fn progress(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    id: Uuid,
) -> Result<Option<ForgetRecord>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM forget_requests WHERE environment_id = ? AND id = ?");
    let query = sql::query(sql).bind(environment).bind(id.as_bytes().as_slice());
    query.fetch_optional(connection).await?.as_ref().map(read).transpose()
}

/// Stores the counts and the positions.
pub(super) async fn set_progress(
    connection: &mut sql::Connection<'_>,
    record: &ForgetRecord,
) -> Result<(), sqlx::Error> {
    sql::query("UPDATE forget_requests SET positions = ?, counts = ? WHERE environment_id = ? AND id = ?")
        .bind(serde_json::to_string(&record.positions).unwrap_or_default())
        .bind(counts_text(&record.counts))
        .bind(record.environment_id)
        .bind(record.id.as_bytes().as_slice())
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns the requests that are not completed, the oldest first.
pub(crate) async fn open(readers: &sql::Pool) -> Result<Vec<ForgetRecord>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM forget_requests WHERE completed_at_ms IS NULL ORDER BY id");
    sql::query(sql).fetch_all(readers).await?.iter().map(read).collect()
}

/// Returns the newest request to forget a user, by the hash of the user's id.
pub(crate) async fn newest(
    readers: &sql::Pool,
    environment: i64,
    user_hash: [u8; 16],
) -> Result<Option<ForgetRecord>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM forget_requests WHERE environment_id = ? AND user_hash = ? ORDER BY id DESC LIMIT 1"
    );
    let query = sql::query(sql).bind(environment).bind(user_hash.to_vec());
    query.fetch_optional(readers).await?.as_ref().map(read).transpose()
}

fn counts_text(counts: &ForgetCounts) -> String {
    serde_json::to_string(counts).unwrap_or_default()
}

fn read(row: &sql::Row) -> Result<ForgetRecord, sqlx::Error> {
    let unreadable = |error: serde_json::Error| sqlx::Error::Decode(Box::new(error));
    let (user_id, email): (Option<&str>, Option<&str>) = (row.try_get(2)?, row.try_get(3)?);
    Ok(ForgetRecord {
        environment_id: row.try_get(0)?,
        id: uuids::read(row, 1)?,
        subject: user_id.map(|id| Subject::new(id, email)),
        requested_at_ms: row.try_get(4)?,
        goal: uuids::read_optional(row, 5)?,
        positions: serde_json::from_str(row.try_get(6)?).map_err(unreadable)?,
        counts: serde_json::from_str(row.try_get(7)?).map_err(unreadable)?,
        completed_at_ms: row.try_get(8)?,
    })
}
