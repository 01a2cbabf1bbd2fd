//! Operations of the recipients API.
//!
//! An operation is an event: it is planned as the action that a mapping would plan, settled and committed by the store's
//! writer, and kept in the log of its environment's API calls. No other path writes recipients or runs.

pub mod bulk;
mod operation;

use std::sync::Arc;

use inlet_core::settle::Job;
use inlet_store::{CommitError, CommitExtras, Hold, Settled};

pub use self::operation::{IDEMPOTENCY_WINDOW_HOURS, Operation, OperationType};
use crate::{Engine, snapshot::Endpoint};

/// Carries out operations of one request, in order, in one transaction. `hold` is kept until they are written or dropped.
pub async fn carry_out(
    engine: &Engine,
    log: &Arc<Endpoint>,
    operations: Vec<Operation>,
    extras: CommitExtras,
    hold: Hold,
) -> Result<Vec<Settled>, CommitError> {
    let received_at_ms = engine.now_ms();
    let items = operations.into_iter().map(|operation| operation.prepare(engine, log, received_at_ms)).collect();
    let job = Job { environment: log.environment_id, source_environment: log.id, items, nonce: None };
    let extras = Box::new(CommitExtras { is_told: true, ..extras });
    let settled = engine.store.commit_for_sender(job, Some(extras), hold).await?;
    log.meters.settled(&settled);
    Ok(settled)
}
