//! The event path's transaction: load, settle, write and commit all jobs of a group at once.

mod attention_entries;
mod cancellation_rows;
pub(crate) mod expansions;
mod extras;
pub(crate) mod load;
mod load_open_runs;
pub(crate) mod load_parked;
pub(crate) mod nonces;
pub(crate) mod parked;
mod relation_rows;
pub(crate) mod resends;
pub(crate) mod rows;
pub(crate) mod settle;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use inlet_core::{settle::TransactionTime, world::Needs};
use uuid::Uuid;

use self::{load::Wanted, rows::Rows};
use crate::{
    backend::{CommittedGroup, GroupContent},
    sqlite::{
        caches::Caches,
        error::SqliteError,
        statements::{runner::StatementRunner, transaction},
        tables::{issues, refused_requests},
    },
};

/// Commits everything or nothing, where nobody else writes. `new_id` makes the ids of action logs and runs.
pub(crate) async fn commit(
    statements: &mut StatementRunner<'_>,
    caches: &mut Caches,
    group: GroupContent<'_>,
    time: TransactionTime,
    new_id: &mut impl FnMut() -> Uuid,
) -> Result<CommittedGroup, SqliteError> {
    let committed = async {
        statements.run(transaction::BEGIN).await?;
        let written = write(statements, caches, group, time, new_id).await?;
        let committing = Instant::now();
        statements.run(transaction::COMMIT).await?;
        Ok(CommittedGroup { commit: committing.elapsed(), ..written })
    };
    let committed = committed.await;
    if committed.is_ok() {
        caches.committed();
    } else {
        transaction::roll_back(&mut statements.own_connection()).await;
        caches.rolled_back();
    }
    committed
}

/// Settles a group and writes it, in a transaction that has begun. The caller commits, or rolls back after an error, and
/// tells the caches.
pub(crate) async fn write(
    statements: &mut StatementRunner<'_>,
    caches: &mut Caches,
    group: GroupContent<'_>,
    time: TransactionTime,
    new_id: &mut impl FnMut() -> Uuid,
) -> Result<CommittedGroup, SqliteError> {
    let GroupContent { jobs, extras, resends, refused } = group;
    let started = Instant::now();
    let mut needs = Needs::default();
    jobs.iter().for_each(|job| job.add_needs(&mut needs));
    caches.idempotency.make_sure(statements).await?;
    let wanted = Wanted::of(&needs, |ids| caches.idempotency.probe(ids));
    let mut world = load::load(statements, wanted).await?;
    caches.parked.make_sure(statements).await?;
    load_parked::load_counted(statements, &needs, &caches.parked, &mut world).await?;
    let settlements = settle::settle_all(&mut world, jobs, time, new_id)?;
    let settled = Instant::now();
    let plugins = caches.plugins.ids(statements, jobs).await?;
    let rows = Rows::of(jobs, &settlements, settled, &plugins, &world);
    caches.targets.make_sure(statements).await?;
    rows.write(statements, &mut caches.targets, time.system_ms, new_id).await?;
    parked::write(statements, &mut caches.parked, jobs, &settlements).await?;
    expansions::write(statements, jobs, &settlements).await?;
    caches.idempotency.write(statements, &rows.records).await?;
    caches.event_types.count(statements, jobs).await?;
    nonces::remember(statements, jobs, resends).await?;
    resends::count(statements, jobs, resends, time.system_ms).await?;
    attention_entries::write(statements, jobs, extras, &settlements, &plugins, time.system_ms).await?;
    for ((job, extras), settlements) in jobs.iter().zip(extras).zip(&settlements) {
        if let Some(extras) = extras {
            extras::write(statements, job, extras, settlements).await?;
        }
    }
    refused_requests::keep(statements, refused).await?;
    if !refused.is_empty() {
        issues::record_refused(&mut statements.connection().await?, refused, time.system_ms).await?;
    }
    statements.flush().await?;
    Ok(CommittedGroup { settlements, settle: settled - started, write: settled.elapsed(), commit: Duration::ZERO })
}
