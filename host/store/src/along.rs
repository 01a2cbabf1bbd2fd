//! What is committed together with the events of a job, in their transaction.

use uuid::Uuid;

use crate::{
    attention::{KeptRequest, Origin},
    change_log::NewChange,
    replay::Progress,
};

/// What goes along with a job. Either all of it is written or nothing, the events included.
#[derive(Debug, Default)]
pub struct Along {
    /// The request, when an item of it cannot be planned without it.
    pub keep: Option<KeptRequest>,
    /// When what failed in its plugin is tried again, in milliseconds since 1970.
    pub retry_at_ms: Option<i64>,
    /// For each item what it is carried out again for; empty when the items are new.
    pub reruns: Vec<Rerun>,
    /// Log entries that must still need attention, and no longer do.
    pub repairs: Vec<Uuid>,
    /// A refused request that must still be in its ring, and leaves it.
    pub takes_refused: Option<Uuid>,
    /// How far the replay is that carries this out. It must be running and stand where it stood.
    pub progress: Option<Progress>,
    /// Who asked for it, for the log of changes; none: the server itself.
    pub change: Option<NewChange>,
}

/// What an item is carried out again for.
#[derive(Debug, Clone, Copy)]
pub struct Rerun {
    /// The earlier log entry.
    pub of: Uuid,
    /// Where that came from.
    pub origin: Origin,
}
