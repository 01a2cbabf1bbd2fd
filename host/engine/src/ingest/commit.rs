//! Committing: the items become durable, and are executed, in one transaction.

use inlet_core::{
    log::Outcome,
    settle::{Job, Prepared},
    verification::Nonce,
};
use inlet_store::{CommitError, CommitExtras, Hold, Settled};

use super::error::IngestError;
use crate::{Engine, Happening, snapshot::Endpoint};

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
    let not_accepted = NotAcceptedItems::among(&items);
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let settled = engine.store.commit_for_sender(job, extras, hold).await.map_err(|error| match error {
        CommitError::Overloaded { .. } => IngestError::Overloaded.into(),
        CommitError::Reused => NotCommitted::Refused("reused"),
        CommitError::Forgotten(_) => NotCommitted::Refused("stale"),
        // The writer logs the error itself.
        _ => {
            engine.notice(endpoint.notice(Happening::NotStored, "storage_unavailable"));
            IngestError::NotStored.into()
        }
    })?;
    count_outcomes(engine, endpoint, not_accepted, &settled);
    Ok(settled)
}

/// The kinds of items of a request that failed or were rejected, each once.
pub(crate) struct NotAcceptedItems(Vec<(Happening, String)>);

impl NotAcceptedItems {
    /// Finds them among the items that no plan can change any more.
    pub(crate) fn among(items: &[Prepared]) -> Self {
        let mut kinds = Vec::new();
        for item in items.iter().filter(|item| item.plan.is_none()) {
            let Some(happening) = happening(item.log.outcome) else { continue };
            let code = item.log.code.as_deref().unwrap_or_default();
            if !kinds.iter().any(|(_, known)| known == code) {
                kinds.push((happening, code.to_owned()));
            }
        }
        Self(kinds)
    }
}

fn happening(outcome: Outcome) -> Option<Happening> {
    match outcome {
        Outcome::Failed => Some(Happening::Failed),
        Outcome::Rejected => Some(Happening::Rejected),
        _ => None,
    }
}

/// Counts the outcomes of committed items, and notices those that failed or were rejected.
pub(crate) fn count_outcomes(
    engine: &Engine,
    endpoint: &Endpoint,
    not_accepted: NotAcceptedItems,
    settled: &[Settled],
) {
    endpoint.meters.settled(settled);
    for (happening, code) in &not_accepted.0 {
        engine.notice(endpoint.notice(*happening, code));
    }
    if not_accepted.0.is_empty() && settled.iter().any(|item| item.outcome == Outcome::Failed) {
        engine.notice(endpoint.notice(Happening::Failed, "action_failed"));
    }
}
