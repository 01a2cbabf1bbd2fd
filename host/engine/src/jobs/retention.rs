//! Retention: prunes what is older than its environment keeps, in slices small enough that ingestion never waits.
//!
//! Log entries go after `retention_days`. Bodies go earlier where an environment says so, and their entries stay. The data
//! of a deleted source or environment goes at once. Entries of the change log go after a year or the longest retention.
//!
//! On PostgreSQL the logs are partitioned by time. A partition is dropped once the longest retention of any environment has passed for
//! all in it; environments with a shorter one are pruned in slices before that.
//!
//! Ages are counted by the store's time, so that a jump of the system's clock deletes nothing.

use std::time::Duration;

use inlet_store::{Bodies, COARSE_STEP_S, CommitError, Environment, FINE_KEPT_S, FINE_STEP_S, KeepBodies, ReadError};

use super::job::{Job, RunsOn};
use crate::Engine;

/// The rows of one slice.
const SLICE: u32 = 500;
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);
/// The most slices of a pass that found only runs with open deliveries. The next pass goes on behind these.
const MAX_IDLE_SLICES: u32 = 20;
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
    engine.store.keep_time().await?;
    let clock = engine.store.clock().state();
    let now_ms = clock.store_ms;
    let environments = engine.store.environments().await?;
    let longest = environments.iter().map(|environment| environment.retention_days).max().unwrap_or_default();
    let longest_cutoff_ms = now_ms.saturating_sub(longest.saturating_mul(DAY_MS));
    // Where logs are partitioned, what is kept longest goes with its partition.
    let partitions_from_ms = engine.store.keep_log_partitions(longest_cutoff_ms).await?;
    for environment in &environments {
        let cutoff_ms = now_ms.saturating_sub(environment.retention_days.saturating_mul(DAY_MS));
        let cutoff_ms = match partitions_from_ms {
            Some(from_ms) if environment.retention_days == longest => cutoff_ms.min(from_ms),
            _ => cutoff_ms,
        };
        prune_logs(engine, environment, cutoff_ms).await?;
        prune_statistics(engine, environment, now_ms).await?;
        if let Some(days) = environment.body_retention_days {
            prune_bodies(engine, environment, Bodies::All, now_ms.saturating_sub(days.saturating_mul(DAY_MS))).await?;
        }
        if environment.keep_bodies == KeepBodies::Failures {
            prune_bodies(engine, environment, Bodies::NotFailed, now_ms.saturating_sub(SETTLED_MS)).await?;
        }
    }
    // Secrets and nonces end at a time of the system's clock.
    let forgotten = engine.store.forget_expired_secrets(clock.earlier_ms()).await?;
    if forgotten > 0 {
        tracing::info!(secrets = forgotten, "forgot replaced secrets and endpoints whose overlap is over");
    }
    prune_deleted(engine).await?;
    prune_changes(engine, longest, now_ms).await?;
    while !engine.store.prune_idempotency(now_ms, SLICE).await?.complete {
        tokio::time::sleep(PAUSE).await;
    }
    while !engine.store.prune_nonces(clock.earlier_ms(), SLICE).await?.complete {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn prune_logs(engine: &Engine, environment: &Environment, cutoff_ms: i64) -> Result<(), RetentionError> {
    let (mut pruned, mut idle) = (0, 0);
    loop {
        let slice = engine.store.prune(environment.id, cutoff_ms, SLICE).await?;
        let rows = slice.events + slice.runs + slice.refused + slice.kept;
        pruned += rows;
        // Recipients and deliveries may be all that a slice deletes of runs that have many.
        if rows + slice.recipients + slice.deliveries == 0 {
            idle += 1;
            if !slice.has_more_runs || idle == MAX_IDLE_SLICES {
                break;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    if pruned > 0 {
        tracing::info!(environment = environment.slug, rows = pruned, "pruned what is past its retention");
    }
    Ok(())
}

async fn prune_statistics(engine: &Engine, environment: &Environment, now_ms: i64) -> Result<(), RetentionError> {
    let (now_s, kept_s) = (now_ms / 1000, environment.retention_days.saturating_mul(DAY_MS / 1000));
    for (step_s, kept_s) in [(FINE_STEP_S, FINE_KEPT_S.min(kept_s)), (COARSE_STEP_S, kept_s)] {
        while engine.store.statistics_prune(environment.id, step_s, now_s.saturating_sub(kept_s), SLICE).await? > 0 {
            tokio::time::sleep(PAUSE).await;
        }
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
        tracing::info!(rows = pruned, "pruned what deleted sources and environments left");
    }
    Ok(())
}

async fn prune_changes(engine: &Engine, longest: i64, now_ms: i64) -> Result<(), RetentionError> {
    let cutoff_ms = now_ms.saturating_sub(longest.max(CHANGES_DAYS).saturating_mul(DAY_MS));
    while engine.store.prune_changes(cutoff_ms, SLICE).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use inlet_store::{
        Author, Cursor, EnvironmentSettings, NewChange, NewRefused, NewSource, NewSourceEnvironment, SystemClock,
    };

    use super::*;
    use crate::test_engine::TestEngine;

    /// A clock that shows the seconds in it, of a process that runs for three of them.
    struct Jumping(AtomicU64);

    impl SystemClock for Jumping {
        fn since_1970(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }

        fn running(&self) -> Duration {
            Duration::from_secs(3)
        }
    }

    fn log() -> NewChange {
        NewChange {
            author: Author::named(Author::BOOTSTRAP),
            operation: "acceptSystemTime",
            resource: "clock".to_owned(),
            environment_id: None,
            before: None,
            after: None,
        }
    }

    #[tokio::test]
    async fn a_clock_that_jumps_ahead_deletes_nothing_until_an_operator_accepts_it() {
        const NOW: u64 = 1_767_323_045;
        let clock = Arc::new(Jumping(AtomicU64::new(NOW)));
        let test = TestEngine::start_with(clock.clone()).await;
        let store = &test.engine.store;
        let environment = NewSourceEnvironment {
            environment_id: store.environments().await.unwrap()[0].id,
            token: "token".to_owned(),
            settings: "{}".to_owned(),
            ..NewSourceEnvironment::default()
        };
        let source = NewSource {
            key: "main".to_owned(),
            name: "Main".to_owned(),
            description: None,
            custom_image_url: None,
            provider: "http".to_owned(),
            environments: vec![environment],
        };
        store.source_create(source, log()).await.unwrap();
        let source_environment_id = store.sources().await.unwrap()[0].environments[0].id;
        let refused = NewRefused {
            id: store.clock().new_id(),
            environment_id: store.environments().await.unwrap()[0].id,
            source_environment_id,
            received_at_ms: 0,
            cause: "missing".to_owned(),
            digest: [0; 32],
            method: "POST".to_owned(),
            path: String::new(),
            query: "[]".to_owned(),
            headers: "[]".to_owned(),
            credential_hash: None,
            size: 2,
            body: Some(bytes::Bytes::from_static(b"{}")),
            reason: None,
        };
        store.refuse(refused, Arc::new(())).await.unwrap();
        let environment = store.environments().await.unwrap().remove(0);
        let settings = EnvironmentSettings { body_retention_days: Some(1), ..environment.settings() };
        store.environment_update(environment.id, settings, log()).await.unwrap();
        // Whether the request is there, and whether it has its body.
        let kept = async || {
            let refused = store.refused(source_environment_id, Cursor::Start, 10).await.unwrap().items;
            refused.iter().map(|request| request.has_body).collect::<Vec<_>>()
        };

        for (days, after_acceptance) in [(2, vec![false]), (31, vec![])] {
            let before = kept().await;
            clock.0.store(NOW + days * 24 * 60 * 60, Ordering::Relaxed);
            prune(&test.engine).await.unwrap();
            assert_eq!(kept().await, before);
            store.accept_system_time(log()).await.unwrap();
            prune(&test.engine).await.unwrap();
            assert_eq!(kept().await, after_acceptance);
        }
    }
}
