//! Targets of environments. Their secrets are sealed.

use std::collections::HashMap;

use inlet_core::delivery::{RoutedTarget, TargetRouting};

use super::change_log;
use crate::{
    backend::Execute,
    clock::now_ms as system_ms,
    error::ChangeError,
    operations::{DeleteTarget, PutTarget, SetTargetState},
    records::{NewTarget, TargetHealth, TargetRecord, TargetSecrets, TargetState},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{codes, database_time::now_ms, transaction},
        write_connection::WriteConnection,
    },
    vault::{SecretLocation, Vault, VaultError},
};

fn of_state(state: TargetState) -> i64 {
    match state {
        TargetState::Running => 0,
        TargetState::Paused => 1,
        TargetState::Disabled => 2,
    }
}

fn state(code: i64) -> Result<TargetState, sqlx::Error> {
    TargetState::ALL.into_iter().find(|state| of_state(*state) == code).ok_or_else(|| codes::unknown("state", code))
}

/// Returns the targets of all environments, by key.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<TargetRecord>, sqlx::Error> {
    let rows = sql::query(
        "SELECT id, environment_id, key, kind, settings, routing, secrets IS NOT NULL, state, state_reason, state_since_ms,
             version, created_at_ms, updated_at_ms, failing_since_ms, failures, warned_percent, warned_at_ms
         FROM targets WHERE deleted_at_ms IS NULL ORDER BY environment_id, key",
    )
    .fetch_all(readers)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &sql::Row) -> Result<TargetRecord, sqlx::Error> {
    Ok(TargetRecord {
        id: row.try_get(0)?,
        environment_id: row.try_get(1)?,
        key: row.try_get(2)?,
        kind: row.try_get(3)?,
        settings: row.try_get(4)?,
        routing: routing(row.try_get(5)?)?,
        has_secrets: row.try_get(6)?,
        state: state(row.try_get(7)?)?,
        state_reason: row.try_get(8)?,
        state_since_ms: row.try_get(9)?,
        health: TargetHealth {
            failing_since_ms: row.try_get(13)?,
            failures: row.try_get(14)?,
            warned_percent: row.try_get(15)?,
            warned_at_ms: row.try_get(16)?,
        },
        version: row.try_get(10)?,
        created_at_ms: row.try_get(11)?,
        updated_at_ms: row.try_get(12)?,
    })
}

fn routing(text: &str) -> Result<TargetRouting, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Returns the secrets of a target; none if it has none or is gone.
pub(crate) async fn secrets(
    readers: &sql::Pool,
    id: i64,
    vault: &dyn Vault,
) -> Result<Option<TargetSecrets>, SqliteError> {
    let row = sql::query(
        "SELECT environment_id, secrets FROM targets
         WHERE id = ? AND secrets IS NOT NULL AND deleted_at_ms IS NULL",
    )
    .bind(id)
    .fetch_optional(readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let location = SecretLocation::Target { environment_id: row.try_get(0)?, target_id: id };
    Ok(Some(TargetSecrets(vault.open(location, row.try_get(1)?)?)))
}

/// Returns what routing needs of all targets, by environment, in the order of their creation.
pub(crate) async fn routed(
    connection: &mut sql::Connection<'_>,
) -> Result<HashMap<i64, Vec<RoutedTarget>>, sqlx::Error> {
    let rows =
        sql::query("SELECT environment_id, id, key, routing FROM targets WHERE deleted_at_ms IS NULL ORDER BY id")
            .fetch_all(connection)
            .await?;
    let mut environments: HashMap<i64, Vec<RoutedTarget>> = HashMap::new();
    for row in rows {
        let key: &str = row.try_get(2)?;
        let target = RoutedTarget { id: row.try_get(1)?, key: key.into(), routing: routing(row.try_get(3)?)? };
        environments.entry(row.try_get(0)?).or_default().push(target);
    }
    Ok(environments)
}

impl Execute<PutTarget> for WriteConnection {
    async fn execute(&mut self, PutTarget { new, log }: PutTarget) -> Result<i64, ChangeError> {
        let vault = &*self.vault;
        let put = transaction::run(self.connection.plain(), async |connection| {
            let id = put(connection, &new, vault).await?;
            change_log::record(connection, &log).await?;
            Ok(id)
        })
        .await;
        self.caches.targets.reload(&mut self.connection.plain()).await;
        // A target that runs again may have deliveries that are due.
        self.deliveries.notify_one();
        Ok(put?)
    }
}

pub(super) async fn put(
    connection: &mut sql::Connection<'_>,
    new: &NewTarget,
    vault: &dyn Vault,
) -> Result<i64, SqliteError> {
    let routing = serde_json::to_string(&new.routing).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let id: i64 = sql::query_scalar(concat!(
        "INSERT INTO targets (environment_id, key, kind, settings, routing, state, state_since_ms, version, created_at_ms,
             updated_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, coalesce(?6, 0), ",
        now_ms!(),
        ", 1, ?7, ?7)
         ON CONFLICT (environment_id, key) WHERE deleted_at_ms IS NULL DO UPDATE SET
             kind = excluded.kind, settings = excluded.settings, routing = excluded.routing,
             state_reason = CASE WHEN ?6 IS NULL OR ?6 = targets.state THEN targets.state_reason END,
             state_since_ms = CASE WHEN ?6 IS NULL OR ?6 = targets.state THEN targets.state_since_ms
                 ELSE excluded.state_since_ms END,
             failing_since_ms = CASE WHEN ?6 IS NULL OR ?6 = targets.state THEN targets.failing_since_ms END,
             failures = CASE WHEN ?6 IS NULL OR ?6 = targets.state THEN targets.failures ELSE 0 END,
             warned_percent = CASE WHEN ?6 IS NULL OR ?6 = targets.state THEN targets.warned_percent ELSE 0 END,
             state = coalesce(?6, targets.state),
             version = targets.version + 1, updated_at_ms = excluded.updated_at_ms
         RETURNING id"
    ))
    .bind(new.environment_id)
    .bind(&new.key)
    .bind(&new.kind)
    .bind(&new.settings)
    .bind(routing)
    .bind(new.state.map(of_state))
    .bind(system_ms())
    .fetch_one(&mut *connection)
    .await?;
    if let Some(secrets) = &new.secrets {
        let location = SecretLocation::Target { environment_id: new.environment_id, target_id: id };
        sql::query("UPDATE targets SET secrets = ? WHERE id = ?")
            .bind(vault.seal(location, secrets)?)
            .bind(id)
            .execute(connection)
            .await?;
    }
    Ok(id)
}

impl Execute<DeleteTarget> for WriteConnection {
    async fn execute(&mut self, DeleteTarget { environment_id, key, log }: DeleteTarget) -> Result<(), ChangeError> {
        let deleted = transaction::run(self.connection.plain(), async |connection| {
            delete(connection, environment_id, &key).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await;
        self.caches.targets.reload(&mut self.connection.plain()).await;
        Ok(deleted?)
    }
}

/// Hides a target and forgets its secrets.
pub(super) async fn delete(
    connection: &mut sql::Connection<'_>,
    environment_id: i64,
    key: &str,
) -> Result<(), SqliteError> {
    let deleted = sql::query(
        "UPDATE targets SET deleted_at_ms = ?, secrets = NULL, settings = '{}'
         WHERE environment_id = ? AND key = ? AND deleted_at_ms IS NULL",
    )
    .bind(system_ms())
    .bind(environment_id)
    .bind(key)
    .execute(connection)
    .await?;
    match deleted.rows_affected() {
        0 => Err(ChangeError::NotFound { what: "target" }.into()),
        _ => Ok(()),
    }
}

impl Execute<SetTargetState> for WriteConnection {
    async fn execute(&mut self, operation: SetTargetState) -> Result<bool, ChangeError> {
        let SetTargetState { id, state, reason, log } = operation;
        let changed = transaction::run(self.connection.plain(), async |connection| {
            let changed = sql::query(concat!(
                "UPDATE targets SET state = ?2, state_reason = ?3, failing_since_ms = NULL, failures = 0, warned_percent = 0,
                     state_since_ms = ",
                now_ms!(),
                " WHERE id = ?1 AND state <> ?2 AND deleted_at_ms IS NULL"
            ))
            .bind(id)
            .bind(of_state(state))
            .bind(reason)
            .execute(&mut *connection)
            .await?;
            let is_changed = changed.rows_affected() > 0;
            if is_changed {
                change_log::record(connection, &log).await?;
            }
            Ok(is_changed)
        })
        .await?;
        self.deliveries.notify_one();
        Ok(changed)
    }
}

/// Seals the secrets of every target again; returns their number.
pub(crate) async fn reseal(
    connection: &mut sql::Connection<'_>,
    again: &impl Fn(SecretLocation, &[u8]) -> Result<Vec<u8>, VaultError>,
) -> Result<usize, SqliteError> {
    let rows = sql::query("SELECT id, environment_id, secrets FROM targets WHERE secrets IS NOT NULL")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let (target_id, environment_id) = (row.try_get(0)?, row.try_get(1)?);
        sql::query("UPDATE targets SET secrets = ? WHERE id = ?")
            .bind(again(SecretLocation::Target { environment_id, target_id }, row.try_get(2)?)?)
            .bind(target_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(rows.len())
}

/// Cancels at most `limit` open deliveries of deleted targets, and removes deleted targets that have no deliveries left;
/// returns the number of rows.
pub(crate) async fn clean_deleted(connection: &mut sql::Connection<'_>, limit: i64) -> Result<u64, sqlx::Error> {
    let deleted: Vec<i64> =
        sql::query_scalar("SELECT id FROM targets WHERE deleted_at_ms IS NOT NULL").fetch_all(&mut *connection).await?;
    for id in deleted {
        let canceled = sql::query(CANCEL_DELETED).bind(id).bind(limit).execute(&mut *connection).await?;
        let behind = sql::query(CANCEL_BEHIND).bind(id).bind(limit).execute(&mut *connection).await?;
        let rows = canceled.rows_affected() + behind.rows_affected();
        if rows > 0 {
            return Ok(rows);
        }
    }
    Ok(0)
}

// Whoever is under way with one ends it as usual, and finds no other.
const CANCEL_DELETED: &str = concat!(
    "UPDATE deliveries SET status = 4, owner = NULL, due_at_ms = NULL, last_error = 'the target was deleted',
         finished_at_ms = ",
    now_ms!(),
    " WHERE seq IN (SELECT seq FROM deliveries WHERE target_id = ?1 AND due_at_ms IS NOT NULL LIMIT ?2)"
);
const CANCEL_BEHIND: &str = concat!(
    "UPDATE deliveries SET status = 4, last_error = 'the target was deleted', finished_at_ms = ",
    now_ms!(),
    " WHERE seq IN (SELECT seq FROM deliveries WHERE target_id = ?1 AND order_key IS NOT NULL AND due_at_ms IS NULL
          AND finished_at_ms IS NULL LIMIT ?2)"
);
