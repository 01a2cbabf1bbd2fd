//! Variables of environments. Secret values are sealed, and nothing reads them yet.

use inlet_core::variables::VariableType;

use super::change_log;
use crate::{
    backend::Execute,
    clock::now_ms,
    error::ChangeError,
    operations::{DeleteVariable, PutVariable},
    records::{NewVariable, VariableRecord},
    sql,
    sqlite::{error::SqliteError, statements::transaction, write_connection::WriteConnection},
    vault::{SecretLocation, Vault, VaultError},
};

/// Returns the variables of all environments, by key.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<VariableRecord>, sqlx::Error> {
    let rows = sql::query(
        "SELECT environment_id, key, type, value, bytes, description, version, created_at_ms, updated_at_ms
         FROM variables ORDER BY environment_id, key",
    )
    .fetch_all(readers)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &sql::Row) -> Result<VariableRecord, sqlx::Error> {
    Ok(VariableRecord {
        environment_id: row.try_get(0)?,
        key: row.try_get(1)?,
        // A type that a later version may add is shown as little as a secret.
        variable_type: VariableType::parse(row.try_get(2)?).unwrap_or(VariableType::Secret),
        value: row.try_get(3)?,
        bytes: row.try_get(4)?,
        description: row.try_get(5)?,
        version: row.try_get(6)?,
        created_at_ms: row.try_get(7)?,
        updated_at_ms: row.try_get(8)?,
    })
}

impl Execute<PutVariable> for WriteConnection {
    async fn execute(&mut self, PutVariable { new, log }: PutVariable) -> Result<(), ChangeError> {
        let vault = &*self.vault;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            put(connection, &new, vault).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

pub(super) async fn put(
    connection: &mut sql::Connection<'_>,
    new: &NewVariable,
    vault: &dyn Vault,
) -> Result<(), SqliteError> {
    let id: i64 = sql::query_scalar(
        "INSERT INTO variables (environment_id, key, type, bytes, description, version, created_at_ms, updated_at_ms)
         VALUES (?1, ?2, ?3, 0, ?4, 1, ?5, ?5)
         ON CONFLICT (environment_id, key) DO UPDATE
         SET description = excluded.description, version = variables.version + 1, updated_at_ms = excluded.updated_at_ms
         RETURNING id",
    )
    .bind(new.environment_id)
    .bind(&new.key)
    .bind(new.variable_type.as_str())
    .bind(&new.description)
    .bind(now_ms())
    .fetch_one(&mut *connection)
    .await?;
    let Some(value) = &new.value else { return Ok(()) };
    let location = SecretLocation::Variable { environment_id: new.environment_id, variable_id: id };
    let (public, sealed) = match new.variable_type {
        VariableType::Public => (Some(value), None),
        VariableType::Secret => (None, Some(vault.seal(location, value)?)),
    };
    sql::query("UPDATE variables SET value = ?, sealed = ?, bytes = ? WHERE id = ?")
        .bind(public)
        .bind(sealed)
        .bind(i64::try_from(value.len()).unwrap_or(i64::MAX))
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

impl Execute<DeleteVariable> for WriteConnection {
    async fn execute(&mut self, operation: DeleteVariable) -> Result<(), ChangeError> {
        let DeleteVariable { environment_id, key, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            delete(connection, environment_id, &key).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

/// Deletes a variable.
pub(super) async fn delete(
    connection: &mut sql::Connection<'_>,
    environment_id: i64,
    key: &str,
) -> Result<(), SqliteError> {
    let deleted = sql::query("DELETE FROM variables WHERE environment_id = ? AND key = ?")
        .bind(environment_id)
        .bind(key)
        .execute(connection)
        .await?;
    match deleted.rows_affected() {
        0 => Err(ChangeError::NotFound { what: "variable" }.into()),
        _ => Ok(()),
    }
}

/// Seals every secret variable again; returns their number.
pub(crate) async fn reseal(
    connection: &mut sql::Connection<'_>,
    again: &impl Fn(SecretLocation, &[u8]) -> Result<Vec<u8>, VaultError>,
) -> Result<usize, SqliteError> {
    let rows = sql::query("SELECT id, environment_id, sealed FROM variables WHERE sealed IS NOT NULL")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let (variable_id, environment_id) = (row.try_get(0)?, row.try_get(1)?);
        sql::query("UPDATE variables SET sealed = ? WHERE id = ?")
            .bind(again(SecretLocation::Variable { environment_id, variable_id }, row.try_get(2)?)?)
            .bind(variable_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(rows.len())
}
