//! The event path's transaction: load, settle, write and commit all jobs of a group at once.

mod attention_entries;
mod extras;
pub(crate) mod load;
pub(crate) mod nonces;
mod rows;
pub(crate) mod settle;

use std::time::Instant;

use inlet_core::world::{Needs, World};
use sqlx::SqliteConnection;

use self::{load::Wanted, rows::Rows};
use crate::{
    backend::{CommittedGroup, GroupContent},
    clock::now_ms,
    sqlite::{
        caches::Caches,
        error::SqliteError,
        statements::{script::Script, transaction},
        tables::refused_requests,
    },
};

/// Commits everything or nothing.
pub(crate) async fn commit(
    connection: &mut SqliteConnection,
    caches: &mut Caches,
    group: GroupContent<'_>,
) -> Result<CommittedGroup, SqliteError> {
    let committed = write(connection, caches, group).await;
    if committed.is_ok() {
        caches.committed();
    } else {
        transaction::roll_back(connection).await;
        caches.rolled_back();
    }
    committed
}

/// Takes one trip to the database in most cases, and one more before it if something has to be loaded.
async fn write(
    connection: &mut SqliteConnection,
    caches: &mut Caches,
    group: GroupContent<'_>,
) -> Result<CommittedGroup, SqliteError> {
    let GroupContent { jobs, extras, refused } = group;
    let (started, now_ms) = (Instant::now(), now_ms());
    let mut needs = Needs::default();
    jobs.iter().for_each(|job| job.add_needs(&mut needs));
    let wanted = Wanted::of(&needs);
    let is_begun = !wanted.is_empty();
    let mut world = World::default();
    if is_begun {
        let mut script = Script::new(connection);
        script.statement(transaction::BEGIN);
        world = load::load(&mut script, &wanted).await?;
    }
    let settlements = settle::settle_all(&mut world, jobs, now_ms)?;
    let settled = Instant::now();
    let mut script = Script::new(connection);
    if !is_begun {
        script.statement(transaction::BEGIN);
    }
    let plugins = caches.plugins.ids(&mut script, jobs).await?;
    let rows = Rows::of(jobs, &settlements, &plugins, &world);
    script.fit(rows.longest());
    rows.write(&mut script, now_ms).await?;
    caches.event_types.count(&mut script, jobs).await?;
    nonces::remember(&mut script, jobs).await?;
    attention_entries::write(&mut script, jobs, extras, &settlements).await?;
    for ((job, extras), settlements) in jobs.iter().zip(extras).zip(&settlements) {
        if let Some(extras) = extras {
            extras::write(script.connection().await?, job, extras, settlements).await?;
        }
    }
    if !refused.is_empty() {
        refused_requests::keep(script.connection().await?, refused).await?;
    }
    script.statement(transaction::COMMIT);
    let mut written = settled;
    script.run_and(|| written = Instant::now()).await?;
    Ok(CommittedGroup { settlements, settle: settled - started, write: written - settled, commit: written.elapsed() })
}
