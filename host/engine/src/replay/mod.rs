//! Repairing what failed, was rejected or was refused.
//!
//! [`keep`] decides what of a request is kept for it; [`rerun`] makes one log entry ready to be carried out again;
//! [`retries`] does so by itself for what a plugin failed on, [`replays`] for many entries that an operator chose;
//! [`refused`] lets in what verifies by now. Everything is committed as new events, in one transaction with what it
//! repairs: whatever happens in between, nothing is carried out twice for one repair, and nothing is lost.
//!
//! Source of the rules: semantics.md §3 and §4.

pub mod gauges;
pub mod refused;
pub(crate) mod replays;
pub mod rerun;
pub(crate) mod retries;

use std::{collections::HashMap, sync::Arc, time::Duration};

use inlet_core::{
    settle::{Job, Prepared},
    verification::Nonce,
};
use inlet_store::{CommitError, CommitExtras, ReadError, Settled};
use tokio::task::{AbortHandle, JoinSet};

use crate::{Engine, snapshot::Endpoint};

/// How often the store is asked whether there is something to do. The answer comes from an index that is nearly empty.
const LOOK: Duration = Duration::from_millis(500);

/// What is being done: one of each for a source environment at a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    Retries(i64),
    Replay(i64),
}

/// Does for ever what is to be done, also what an earlier process began.
pub async fn run(engine: Engine) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tasks = JoinSet::new();
    let mut active: HashMap<Work, AbortHandle> = HashMap::new();
    loop {
        tick.tick().await;
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "repairing ended unexpectedly and begins anew; please report it");
            }
        }
        active.retain(|_, task| !task.is_finished());
        if let Err(error) = begin(&engine, &mut tasks, &mut active).await {
            tracing::warn!(%error, "it cannot be seen what is to be repaired; it is tried again");
        }
    }
}

async fn begin(
    engine: &Engine,
    tasks: &mut JoinSet<()>,
    active: &mut HashMap<Work, AbortHandle>,
) -> Result<(), ReadError> {
    for source_environment in engine.store.retries_due_in().await? {
        if is_quarantined(engine, source_environment) {
            continue;
        }
        active
            .entry(Work::Retries(source_environment))
            .or_insert_with(|| tasks.spawn(retries::carry_out(engine.clone(), source_environment)));
    }
    for replay in engine.store.running_replays().await? {
        active
            .entry(Work::Replay(replay.source_environment_id))
            .or_insert_with(|| tasks.spawn(replays::carry_out(engine.clone(), replay)));
    }
    Ok(())
}

/// The endpoint of a source environment, as it is configured now.
fn endpoint(engine: &Engine, source_environment: i64) -> Option<Arc<Endpoint>> {
    let snapshot = engine.snapshot();
    let mut endpoints = snapshot.sources.values().flat_map(|source| source.endpoints.values());
    endpoints.find(|endpoint| endpoint.id == source_environment).cloned()
}

/// Whether the plugin is not to be run by the server's own doing: what is due stays due.
fn is_quarantined(engine: &Engine, source_environment: i64) -> bool {
    endpoint(engine, source_environment).is_some_and(|endpoint| endpoint.guard.is_quarantined())
}

/// Commits items with what goes along with them, and counts what became of them.
pub async fn commit(
    engine: &Engine,
    endpoint: &Endpoint,
    items: Vec<Prepared>,
    nonce: Option<Nonce>,
    extras: CommitExtras,
) -> Result<Vec<Settled>, CommitError> {
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let settled = engine.store.commit_with(job, extras).await?;
    for item in &settled {
        endpoint.meters.outcome(item.outcome);
    }
    Ok(settled)
}

/// Waits while requests that have just come wait for the writer, but not for ever.
async fn give_way(engine: &Engine) {
    const QUEUED: usize = 4;
    for _ in 0..40 {
        if engine.store.stats().queued <= QUEUED {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
