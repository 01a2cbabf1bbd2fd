//! The values that the writer keeps in memory, so that the event path need not query them.

mod event_type_counts;
mod plugin_ids;

use self::{event_type_counts::EventTypes, plugin_ids::PluginIds};

/// Caches that follow the transaction under way: additions become visible with its commit.
#[derive(Default)]
pub(crate) struct Caches {
    pub(crate) plugins: PluginIds,
    pub(crate) event_types: EventTypes,
}

impl Caches {
    pub(crate) fn committed(&mut self) {
        self.plugins.committed();
        self.event_types.committed();
    }

    pub(crate) fn rolled_back(&mut self) {
        self.plugins.rolled_back();
        self.event_types.rolled_back();
    }
}
