//! A batch that was translated again, of which each replayed event takes its own item.

use inlet_core::{Uuid, settle::Prepared};
use inlet_store::{Origin, StoredEvent};

use super::error::EventReplayError;

/// A batch that was translated again.
pub(super) struct Batch {
    /// The kept request.
    pub(super) request_id: Uuid,
    /// All items of the batch.
    pub(super) items: Vec<Prepared>,
    /// True if the plugin failed on the batch.
    pub(super) is_failed: bool,
}

impl Batch {
    /// Returns the item that an event came from.
    pub(super) fn item(&self, origin: Origin, event: &StoredEvent) -> Result<Prepared, EventReplayError> {
        if self.is_failed {
            let reason = self.items.iter().find_map(|item| item.log.reason.clone());
            return Err(EventReplayError::PluginFailed(reason.unwrap_or_default()));
        }
        let other = EventReplayError::OtherItems { found: self.items.len(), expected: origin.items };
        let is_same = u32::try_from(self.items.len()).is_ok_and(|found| found == origin.items);
        let item = self.items.get(origin.item as usize).filter(|_| is_same).ok_or(other)?;
        let mut item = Prepared { log: item.log.clone(), plan: item.plan.clone() };
        item.log.verification_status.clone_from(&event.verification_status);
        Ok(item)
    }
}
