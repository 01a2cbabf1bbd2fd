//! Committing: the items become durable, and are executed, in one transaction.

use inlet_core::{
    settle::{Job, Prepared},
    verification::Nonce,
};
use inlet_store::{CommitError, CommitExtras, Settled};

use super::error::IngestError;
use crate::{Engine, snapshot::Endpoint};

/// Commits items, with the request that their repair will need.
pub(super) async fn commit(
    engine: &Engine,
    endpoint: &Endpoint,
    items: Vec<Prepared>,
    nonce: Option<Nonce>,
    extras: Option<CommitExtras>,
) -> Result<Vec<Settled>, IngestError> {
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let committed = match extras {
        None => engine.store.commit(job).await,
        Some(extras) => engine.store.commit_with(job, extras).await,
    };
    let settled = committed.map_err(|error| match error {
        CommitError::Overloaded { .. } => IngestError::Overloaded,
        CommitError::Seen => IngestError::Unverified,
        error => {
            tracing::error!(source = endpoint.source, environment = endpoint.environment, %error, "a request was not stored; it was answered 503");
            IngestError::NotStored
        }
    })?;
    for item in &settled {
        endpoint.meters.outcome(item.outcome);
    }
    Ok(settled)
}
