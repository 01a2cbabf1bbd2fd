//! The quarantines that the servers of a database share. A database in a file has no such table.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{BeginQuarantine, EndQuarantine},
    records::QuarantineRecord,
    sql,
    sqlite::{error::SqliteError, write_connection::WriteConnection},
};

impl Execute<BeginQuarantine> for WriteConnection {
    async fn execute(&mut self, BeginQuarantine { record }: BeginQuarantine) -> Result<(), CommitError> {
        sql::query(
            "INSERT INTO quarantines (source_environment_id, digest, since_ms, faults, calls)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (source_environment_id, digest) DO NOTHING",
        )
        .bind(record.source_environment_id)
        .bind(record.digest)
        .bind(record.since_ms)
        .bind(record.faults.cast_signed())
        .bind(record.calls.cast_signed())
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(())
    }
}

impl Execute<EndQuarantine> for WriteConnection {
    async fn execute(&mut self, operation: EndQuarantine) -> Result<(), CommitError> {
        let EndQuarantine { source_environment_id, digest } = operation;
        sql::query("DELETE FROM quarantines WHERE source_environment_id = ? AND digest = ?")
            .bind(source_environment_id)
            .bind(digest)
            .execute(self.connection.plain())
            .await
            .map_err(SqliteError::from)?;
        Ok(())
    }
}

/// Reads a quarantine: its values with a space between them.
pub(super) fn read_quarantine(text: &str) -> Result<QuarantineRecord, sqlx::Error> {
    let wrong = || sqlx::Error::Decode(format!("a quarantine cannot be read: {text}").into());
    let values: Vec<&str> = text.split(' ').collect();
    let [id, digest, since_ms, faults, calls] = values[..] else { return Err(wrong()) };
    Ok(QuarantineRecord {
        source_environment_id: id.parse().map_err(|_| wrong())?,
        digest: digest.to_owned(),
        since_ms: since_ms.parse().map_err(|_| wrong())?,
        faults: faults.parse().map_err(|_| wrong())?,
        calls: calls.parse().map_err(|_| wrong())?,
    })
}
