//! Tells the other servers of the database that this one is alive.

use std::time::Duration;

use inlet_store::CommitError;

use super::job::{Job, RunsOn};
use crate::Engine;

/// The time after which a server that is not heard of counts as gone: that of the leases of its jobs.
const TTL: Duration = Duration::from_secs(30);

/// Writes again and again that this server is alive.
pub(super) struct Nodes;

impl Job for Nodes {
    const NAME: &'static str = "nodes";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "the other servers were not told that this one is alive";
    type Error = CommitError;

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, CommitError> {
        Ok(engine.store.is_shared())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), CommitError> {
        engine.store.keep_node(engine.this_node(), TTL).await?;
        // The number of a moment ago will do where it cannot be read.
        if let Ok(nodes) = engine.store.nodes().await {
            engine.request_rates.share_among(nodes.iter().filter(|node| node.is_alive).count());
        }
        Ok(())
    }
}

/// Tells the others that this server stops.
pub(super) async fn remove_at_stop(engine: &Engine) {
    if !engine.store.is_shared() {
        return;
    }
    if let Err(error) = engine.store.remove_node(engine.node_id).await {
        tracing::debug!(%error, "the other servers were not told that this one stops");
    }
}
