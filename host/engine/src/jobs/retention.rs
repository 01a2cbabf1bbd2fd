//! Retention: prunes what is older than its environment keeps, in slices small enough that ingestion never waits.
//!
//! Log entries go after `retention_days`. Bodies go earlier where an environment says so, and their entries stay. The data
//! of a deleted source goes at once. Entries of the change log go after a year or the longest retention.

use std::time::Duration;

use inlet_store::{Bodies, CommitError, Environment, KeepBodies, ReadError};

use super::job::{Job, RunsOn};
use crate::{Engine, clock::now_ms};

/// The rows of one slice.
const SLICE: u32 = 500;
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);
/// The age at which the walk that removes bodies passes an event and does not return to it, in milliseconds: by then every
/// event with an earlier id is committed or refused.
const SETTLED_MS: i64 = 10_000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The shortest retention of the change log, in days.
const CHANGES_DAYS: i64 = 365;

/// Prunes what is past its retention.
pub(super) struct Retention;

impl Job for Retention {
    const NAME: &'static str = "retention";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "retention could not prune; it tries again";
    type Error = RetentionError;

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn woken(&mut self, engine: &Engine) {
        engine.retention_changed.notified().await;
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), RetentionError> {
        prune(engine).await
    }
}

/// The reason why retention stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum RetentionError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

async fn prune(engine: &Engine) -> Result<(), RetentionError> {
    let now_ms = now_ms();
    let environments = engine.store.environments().await?;
    for environment in &environments {
        prune_logs(engine, environment, now_ms).await?;
        if let Some(days) = environment.body_retention_days {
            prune_bodies(engine, environment, Bodies::All, now_ms.saturating_sub(days.saturating_mul(DAY_MS))).await?;
        }
        if environment.keep_bodies == KeepBodies::Failures {
            prune_bodies(engine, environment, Bodies::NotFailed, now_ms.saturating_sub(SETTLED_MS)).await?;
        }
    }
    let forgotten = engine.store.forget_expired_secrets(now_ms).await?;
    if forgotten > 0 {
        tracing::info!(secrets = forgotten, "forgot replaced secrets and endpoints whose overlap is over");
    }
    prune_deleted(engine).await?;
    prune_changes(engine, &environments, now_ms).await?;
    // A walk over all records in slices: no index tells which have expired.
    while !engine.store.prune_idempotency(now_ms, SLICE).await?.complete {
        tokio::time::sleep(PAUSE).await;
    }
    while !engine.store.prune_nonces(now_ms, SLICE).await?.complete {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn prune_logs(engine: &Engine, environment: &Environment, now_ms: i64) -> Result<(), RetentionError> {
    let cutoff_ms = now_ms.saturating_sub(environment.retention_days.saturating_mul(DAY_MS));
    let mut pruned = 0;
    loop {
        let slice = engine.store.prune(environment.id, cutoff_ms, SLICE).await?;
        let rows = slice.events + slice.runs + slice.refused + slice.kept;
        pruned += rows;
        if rows == 0 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if pruned > 0 {
        tracing::info!(environment = environment.slug, rows = pruned, "pruned what is past its retention");
    }
    Ok(())
}

async fn prune_bodies(
    engine: &Engine,
    environment: &Environment,
    bodies: Bodies,
    cutoff_ms: i64,
) -> Result<(), RetentionError> {
    let mut removed = 0;
    loop {
        let slice = engine.store.prune_bodies(environment.id, bodies, cutoff_ms, SLICE).await?;
        removed += slice.removed;
        if slice.passed == 0 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if removed > 0 {
        tracing::info!(environment = environment.slug, bodies = removed, "removed bodies that are not kept any longer");
    }
    Ok(())
}

async fn prune_deleted(engine: &Engine) -> Result<(), RetentionError> {
    let mut pruned = 0;
    loop {
        let rows = engine.store.prune_deleted(SLICE).await?;
        pruned += rows;
        if rows == 0 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if pruned > 0 {
        tracing::info!(rows = pruned, "pruned what deleted sources left");
    }
    Ok(())
}

async fn prune_changes(engine: &Engine, environments: &[Environment], now_ms: i64) -> Result<(), RetentionError> {
    let longest = environments.iter().map(|environment| environment.retention_days).max().unwrap_or_default();
    let cutoff_ms = now_ms.saturating_sub(longest.max(CHANGES_DAYS).saturating_mul(DAY_MS));
    while engine.store.prune_changes(cutoff_ms, SLICE).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
