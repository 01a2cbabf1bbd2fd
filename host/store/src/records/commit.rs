//! The extra writes of a commit, and its result.

use std::{any::Any, sync::Arc};

use inlet_core::{
    actions::{ActionType, Status},
    log::Outcome,
};
use uuid::Uuid;

use super::{
    attention::{KeptRequest, Origin},
    bulk_operation::BulkProgress,
    change_log::NewChange,
    replay::ReplayProgress,
};

/// Extra writes committed atomically with a job's events.
#[derive(Debug, Default)]
pub struct CommitExtras {
    /// The request, if one of its items cannot be planned without it.
    pub keep: Option<KeptRequest>,
    /// Time of the next retry of items that failed in their plugin, in milliseconds since 1970.
    pub retry_at_ms: Option<i64>,
    /// The earlier entry that each item replays; empty if the items are new.
    pub replayed: Vec<ReplayedItem>,
    /// Log entries that must still need attention, and no longer do afterwards.
    pub repairs: Vec<Uuid>,
    /// A refused request that must still be in its ring, and leaves it.
    pub takes_refused: Option<Uuid>,
    /// The step of the replay that carries this job out. The replay must be running and at the step's start.
    pub progress: Option<ReplayProgress>,
    /// The chunk of the bulk operation that the job is. The operation must stand at its start.
    pub bulk: Option<BulkProgress>,
    /// The entry for the change log; none if the server itself acts.
    pub change: Option<NewChange>,
    /// True if the caller is told of every item that fails, so that none needs the operator's attention.
    pub is_told: bool,
}

/// A value that is held until a job has been written or dropped, such as its share of a memory budget.
pub type Hold = Arc<dyn Any + Send + Sync>;

/// The earlier entry that an item replays.
#[derive(Debug, Clone, Copy)]
pub struct ReplayedItem {
    /// The earlier log entry.
    pub of: Uuid,
    /// The position of the earlier item in its request.
    pub origin: Origin,
}

/// The result of one item of a committed job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The id of its event log.
    pub id: Uuid,
    /// Empty if the item has none.
    pub event_type: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Human-readable reason of the outcome.
    pub reason: Option<String>,
    /// The type and the status of each action, in order.
    pub actions: Vec<(ActionType, Status)>,
    /// The first workflow run that it created.
    pub run: Option<Uuid>,
    /// The execution that it replays, if its idempotency key says so.
    pub replay_of: Option<Uuid>,
    /// True if that execution had another user id or other data.
    pub replay_differs: bool,
}
