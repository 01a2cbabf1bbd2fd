//! Leases of background jobs. The database's clock decides what has expired, so that no two nodes need equal clocks.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{AcquireJobLease, ReleaseJobLease, RenewJobLease},
    records::JobLease,
    sql,
    sqlite::{error::SqliteError, statements::database_time::now_ms, write_connection::WriteConnection},
};

impl Execute<AcquireJobLease> for WriteConnection {
    async fn execute(&mut self, operation: AcquireJobLease) -> Result<JobLease, CommitError> {
        let AcquireJobLease { name, owner, ttl_ms } = operation;
        Ok(acquire(&mut self.connection.plain(), &name, &owner, ttl_ms).await.map_err(SqliteError::from)?)
    }
}

impl Execute<RenewJobLease> for WriteConnection {
    async fn execute(&mut self, operation: RenewJobLease) -> Result<JobLease, CommitError> {
        let RenewJobLease { name, owner, epoch, ttl_ms } = operation;
        Ok(renew(&mut self.connection.plain(), &name, &owner, epoch, ttl_ms).await.map_err(SqliteError::from)?)
    }
}

impl Execute<ReleaseJobLease> for WriteConnection {
    async fn execute(&mut self, operation: ReleaseJobLease) -> Result<bool, CommitError> {
        let ReleaseJobLease { name, owner, epoch } = operation;
        Ok(release(&mut self.connection.plain(), &name, &owner, epoch).await.map_err(SqliteError::from)?)
    }
}

/// Frees all leases. Call it while the database is opened: the lock of the data directory proves that no earlier owner runs
/// any more, so that jobs need not wait for the leases of a process that was killed.
pub(crate) async fn free_all(connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
    sql::query("UPDATE job_leases SET owner = NULL, leased_until_ms = 0 WHERE owner IS NOT NULL")
        .execute(connection)
        .await
        .map(|_| ())
}

/// Acquires the lease if it is free, has expired, or is held by `owner` already. A current holder keeps its epoch;
/// everyone else gets the next one.
async fn acquire(
    connection: &mut sql::Connection<'_>,
    name: &str,
    owner: &str,
    ttl_ms: i64,
) -> Result<JobLease, sqlx::Error> {
    let acquired = sql::query_scalar(concat!(
        "INSERT INTO job_leases (name, owner, epoch, leased_until_ms) VALUES (?1, ?2, 1, ",
        now_ms!(),
        " + ?3)
         ON CONFLICT (name) DO UPDATE SET
             epoch = job_leases.epoch + CASE
                 WHEN job_leases.owner IS DISTINCT FROM excluded.owner OR job_leases.leased_until_ms <= ",
        now_ms!(),
        " THEN 1 ELSE 0 END,
             owner = excluded.owner,
             leased_until_ms = excluded.leased_until_ms
         WHERE job_leases.owner IS NULL OR job_leases.owner = excluded.owner OR job_leases.leased_until_ms <= ",
        now_ms!(),
        " RETURNING epoch"
    ))
    .bind(name)
    .bind(owner)
    .bind(ttl_ms)
    .fetch_optional(&mut *connection)
    .await?;
    match acquired {
        Some(epoch) => Ok(JobLease { is_held: true, epoch }),
        None => not_held(connection, name).await,
    }
}

/// Prolongs the lease if `owner` still holds it under `epoch`. An owner that comes too late has to acquire it again.
async fn renew(
    connection: &mut sql::Connection<'_>,
    name: &str,
    owner: &str,
    epoch: i64,
    ttl_ms: i64,
) -> Result<JobLease, sqlx::Error> {
    let renewed = sql::query(concat!(
        "UPDATE job_leases SET leased_until_ms = ",
        now_ms!(),
        " + ?4 WHERE name = ?1 AND owner = ?2 AND epoch = ?3 AND leased_until_ms > ",
        now_ms!()
    ))
    .bind(name)
    .bind(owner)
    .bind(epoch)
    .bind(ttl_ms)
    .execute(&mut *connection)
    .await?;
    match renewed.rows_affected() {
        1 => Ok(JobLease { is_held: true, epoch }),
        _ => not_held(connection, name).await,
    }
}

/// Gives the lease back if `owner` still holds it under `epoch`; returns true if it did. The epoch stays, so that the
/// next holder gets a greater one.
async fn release(
    connection: &mut sql::Connection<'_>,
    name: &str,
    owner: &str,
    epoch: i64,
) -> Result<bool, sqlx::Error> {
    let released = sql::query(concat!(
        "UPDATE job_leases SET owner = NULL, leased_until_ms = 0
         WHERE name = ?1 AND owner = ?2 AND epoch = ?3 AND leased_until_ms > ",
        now_ms!()
    ))
    .bind(name)
    .bind(owner)
    .bind(epoch)
    .execute(connection)
    .await?;
    Ok(released.rows_affected() == 1)
}

async fn not_held(connection: &mut sql::Connection<'_>, name: &str) -> Result<JobLease, sqlx::Error> {
    let epoch: Option<i64> =
        sql::query_scalar("SELECT epoch FROM job_leases WHERE name = ?").bind(name).fetch_optional(connection).await?;
    Ok(JobLease { is_held: false, epoch: epoch.unwrap_or_default() })
}
