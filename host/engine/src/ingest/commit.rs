//! Committing: the items become durable, and are executed, in one transaction.

use inlet_core::{
    settle::{Job, Prepared},
    verification::Nonce,
};
use inlet_store::{CommitError, CommitExtras, Hold, Settled};

use super::error::IngestError;
use crate::{Engine, snapshot::Endpoint};

/// Commits items, with the request that their repair will need. `hold` is kept until they are written or dropped.
pub(super) async fn commit(
    engine: &Engine,
    endpoint: &Endpoint,
    items: Vec<Prepared>,
    nonce: Option<Nonce>,
    extras: Option<CommitExtras>,
    hold: Hold,
) -> Result<Vec<Settled>, IngestError> {
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let settled = engine.store.commit_for_sender(job, extras, hold).await.map_err(|error| match error {
        CommitError::Overloaded { .. } => IngestError::Overloaded,
        CommitError::Seen => IngestError::Unverified,
        error => {
            tracing::error!(source = endpoint.source, environment = endpoint.environment, %error, "a request was not stored; it was answered 503");
            IngestError::NotStored
        }
    })?;
    endpoint.meters.settled(&settled);
    Ok(settled)
}
