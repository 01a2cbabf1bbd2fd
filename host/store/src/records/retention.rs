//! The results of pruning: each call deletes one small slice and reports it.

/// The bodies that a slice removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// Bodies of all events and of refused requests.
    All,
    /// Bodies of events that neither failed nor were rejected.
    NotFailed,
}

/// The rows that one slice deleted. All zero means that nothing is left to delete now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Event logs.
    pub events: u64,
    /// Their action logs.
    pub actions: u64,
    /// Deliveries that ended.
    pub deliveries: u64,
    /// Workflow runs without open deliveries.
    pub runs: u64,
    /// Their recipients.
    pub recipients: u64,
    /// Refused requests.
    pub refused: u64,
    /// Kept requests.
    pub kept: u64,
    /// True if runs are left that the slice did not look at, because those before them have open deliveries.
    pub has_more_runs: bool,
}

impl Pruned {
    /// Returns true if nothing was deleted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The result of one slice over a table that is pruned by walking its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrunedRecords {
    /// Expired records that were deleted.
    pub deleted: u64,
    /// True if the walk reached the last record; the next slice starts over.
    pub complete: bool,
}

/// The result of one slice of removing bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PrunedBodies {
    /// Events that the walk passed, and refused requests. Zero means that nothing is left to do now.
    pub passed: u64,
    /// The part of them that lost a body.
    pub removed: u64,
}
