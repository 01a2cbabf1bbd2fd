//! Committing: the items become durable, and are executed, in one transaction.

use inlet_core::{
    settle::{Job, Prepared},
    verification::Nonce,
};
use inlet_store::{CommitError, CommitExtras, Hold, Settled};

use super::error::IngestError;
use crate::{Engine, snapshot::Endpoint};

/// The reason why items were not committed.
pub(super) enum NotCommitted {
    /// Verification refuses the request, for this cause.
    Refused(&'static str),
    /// The request is not accepted.
    Error(IngestError),
}

impl From<IngestError> for NotCommitted {
    fn from(error: IngestError) -> Self {
        Self::Error(error)
    }
}

/// Commits items, with the request that their repair will need. `hold` is kept until they are written or dropped. If the
/// same signed bytes were taken before, the items are those of the first time.
pub(super) async fn commit(
    engine: &Engine,
    endpoint: &Endpoint,
    items: Vec<Prepared>,
    nonce: Option<Nonce>,
    extras: Option<CommitExtras>,
    hold: Hold,
) -> Result<Vec<Settled>, NotCommitted> {
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let settled = engine.store.commit_for_sender(job, extras, hold).await.map_err(|error| match error {
        CommitError::Overloaded { .. } => IngestError::Overloaded.into(),
        CommitError::Reused => NotCommitted::Refused("reused"),
        CommitError::Forgotten(_) => NotCommitted::Refused("stale"),
        error => {
            tracing::error!(source = endpoint.source, environment = endpoint.environment, %error, "a request was not stored; it was answered 503");
            IngestError::NotStored.into()
        }
    })?;
    endpoint.meters.settled(&settled);
    Ok(settled)
}
