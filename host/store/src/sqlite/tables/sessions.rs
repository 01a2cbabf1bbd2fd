//! Sessions of the dashboard, and links that begin one. Only hashes are stored.

use super::change_log;
use crate::{
    backend::Execute,
    error::CommitError,
    operations::{BeginSession, CreateSignInLink, EndSession, PruneSessions, RecordSessionUse, UseSignInLink},
    records::{SessionRecord, SignInLinkRecord},
    sql,
    sqlite::{error::SqliteError, statements::transaction, write_connection::WriteConnection},
};

/// Returns a session.
pub(crate) async fn one(readers: &sql::Pool, id: &[u8; 32]) -> Result<Option<SessionRecord>, sqlx::Error> {
    let row = sql::query("SELECT id, token_id, proof, created_at_ms, last_used_at_ms FROM sessions WHERE id = ?")
        .bind(&id[..])
        .fetch_optional(readers)
        .await?;
    row.map(|row| {
        Ok(SessionRecord {
            id: hash(&row, 0)?,
            token_id: row.try_get(1)?,
            proof: hash(&row, 2)?,
            created_at_ms: row.try_get(3)?,
            last_used_at_ms: row.try_get(4)?,
        })
    })
    .transpose()
}

fn hash(row: &sql::Row, column: usize) -> Result<[u8; 32], sqlx::Error> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))
}

impl Execute<BeginSession> for WriteConnection {
    async fn execute(&mut self, BeginSession { new }: BeginSession) -> Result<(), CommitError> {
        sql::query("INSERT INTO sessions (id, token_id, proof, created_at_ms, last_used_at_ms) VALUES (?, ?, ?, ?, ?)")
            .bind(new.id.to_vec())
            .bind(new.token_id)
            .bind(new.proof.to_vec())
            .bind(new.created_at_ms)
            .bind(new.last_used_at_ms)
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<RecordSessionUse> for WriteConnection {
    async fn execute(&mut self, RecordSessionUse { id, at_ms }: RecordSessionUse) -> Result<(), CommitError> {
        sql::query("UPDATE sessions SET last_used_at_ms = max(last_used_at_ms, ?) WHERE id = ?")
            .bind(at_ms)
            .bind(id.to_vec())
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<EndSession> for WriteConnection {
    async fn execute(&mut self, EndSession { id }: EndSession) -> Result<(), CommitError> {
        sql::query("DELETE FROM sessions WHERE id = ?")
            .bind(id.to_vec())
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<CreateSignInLink> for WriteConnection {
    async fn execute(&mut self, CreateSignInLink { new, log }: CreateSignInLink) -> Result<(), CommitError> {
        let created = transaction::run(self.connection.plain(), async |connection| {
            sql::query("INSERT INTO sign_in_links (id, token_id, proof, expires_at_ms) VALUES (?, ?, ?, ?)")
                .bind(new.id.to_vec())
                .bind(new.token_id)
                .bind(new.proof.to_vec())
                .bind(new.expires_at_ms)
                .execute(&mut *connection)
                .await?;
            if let Some(log) = &log {
                change_log::record(connection, log).await?;
            }
            Ok::<_, SqliteError>(())
        });
        Ok(created.await?)
    }
}

impl Execute<UseSignInLink> for WriteConnection {
    async fn execute(
        &mut self,
        UseSignInLink { id, now_ms }: UseSignInLink,
    ) -> Result<Option<SignInLinkRecord>, CommitError> {
        let row = sql::query(
            "DELETE FROM sign_in_links WHERE id = ? AND expires_at_ms > ? RETURNING id, token_id, proof, expires_at_ms",
        )
        .bind(id.to_vec())
        .bind(now_ms)
        .fetch_optional(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        let read = |row: sql::Row| -> Result<_, sqlx::Error> {
            Ok(SignInLinkRecord {
                id: hash(&row, 0)?,
                token_id: row.try_get(1)?,
                proof: hash(&row, 2)?,
                expires_at_ms: row.try_get(3)?,
            })
        };
        Ok(row.map(read).transpose().map_err(SqliteError::from)?)
    }
}

impl Execute<PruneSessions> for WriteConnection {
    async fn execute(&mut self, operation: PruneSessions) -> Result<u64, CommitError> {
        let PruneSessions { created_before_ms, used_before_ms, now_ms } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let sessions = sql::query("DELETE FROM sessions WHERE created_at_ms < ? OR last_used_at_ms < ?")
                .bind(created_before_ms)
                .bind(used_before_ms)
                .execute(&mut *connection)
                .await?;
            let links = sql::query("DELETE FROM sign_in_links WHERE expires_at_ms <= ?")
                .bind(now_ms)
                .execute(&mut *connection)
                .await?;
            Ok(sessions.rows_affected() + links.rows_affected())
        })
        .await?)
    }
}
