//! An event that is ready to be replayed.

use inlet_core::{Uuid, log::Outcome, settle::Prepared};
use inlet_store::{CommitExtras, ReplayedItem};

/// An event that is ready to be replayed.
pub struct PreparedReplay {
    /// The items that the event becomes, mostly one.
    pub items: Vec<Prepared>,
    /// The log entry that each item replays.
    pub replayed: Vec<ReplayedItem>,
    /// The log entry, if it needs attention.
    pub repair: Option<Uuid>,
}

impl PreparedReplay {
    /// Splits the replay into its items and what is committed with them.
    pub fn into_parts(self) -> (Vec<Prepared>, CommitExtras) {
        let repairs = self.repair.into_iter().collect();
        (self.items, CommitExtras { replayed: self.replayed, repairs, ..CommitExtras::default() })
    }

    /// Returns true if the plugin failed on the whole request once more.
    pub fn plugin_failed(&self) -> bool {
        matches!(self.items.as_slice(), [item] if item.plan.is_none() && item.log.outcome == Outcome::Failed)
    }

    /// Returns the bytes of the items' bodies.
    pub fn bytes(&self) -> usize {
        self.items.iter().map(|item| item.log.original.len()).sum()
    }
}
