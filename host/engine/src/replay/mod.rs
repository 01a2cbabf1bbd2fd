//! Replays: stored events are carried out again, to repair what failed, was rejected or was refused.
//!
//! [`event_replayer`] prepares one stored event. The retries that the server makes by itself ([`retries`]) and the replays
//! of many events that an operator asked for ([`replays`]) run as background jobs. [`refused_requests`] lets requests in
//! that verify by now. Everything is committed as new events, in one transaction with what it repairs: whatever happens in
//! between, nothing is executed twice for one repair, and nothing is lost.
//!
//! Source of the rules: semantics.md §3 and §4.

pub mod event_replayer;
pub mod preview;
pub mod refused_requests;
pub(crate) mod replays;
pub(crate) mod retries;

use std::{sync::Arc, time::Duration};

use inlet_core::{
    settle::{Job, Prepared},
    verification::Nonce,
};
use inlet_store::{CommitError, CommitExtras, Settled};

use crate::{
    Engine,
    ingest::commit::{NotAcceptedItems, count_outcomes},
    snapshot::Endpoint,
};

/// Returns the endpoint of a source environment, as it is configured now.
pub(crate) fn endpoint(engine: &Engine, source_environment: i64) -> Option<Arc<Endpoint>> {
    engine.snapshot().endpoints().find(|endpoint| endpoint.id == source_environment).cloned()
}

/// Commits replayed items with what belongs to them, and counts their outcomes.
pub async fn commit(
    engine: &Engine,
    endpoint: &Endpoint,
    items: Vec<Prepared>,
    nonce: Option<Nonce>,
    extras: CommitExtras,
) -> Result<Vec<Settled>, CommitError> {
    let not_accepted = NotAcceptedItems::among(&items);
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let settled = engine.store.commit_with(job, extras).await?;
    count_outcomes(engine, endpoint, not_accepted, &settled);
    Ok(settled)
}

/// Waits, for a second at most, while incoming requests wait for the writer.
pub(crate) async fn give_way(engine: &Engine) {
    const QUEUED: usize = 4;
    for _ in 0..40 {
        if engine.store.stats().queued <= QUEUED {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
