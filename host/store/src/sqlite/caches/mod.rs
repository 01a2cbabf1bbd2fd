//! The values that the writer keeps in memory, so that the event path need not query them.

use crate::sql;

mod event_type_counts;
mod parked_recipients;
mod plugin_ids;
mod targets;

use self::{event_type_counts::EventTypes, plugin_ids::PluginIds};
pub(crate) use self::{parked_recipients::ParkedRecipients, targets::Targets};
use super::idempotency::{GenerationIndex, IdempotencyRecords};

/// Caches that follow the transaction under way: additions become visible with its commit.
#[derive(Default)]
pub(crate) struct Caches {
    pub(crate) plugins: PluginIds,
    pub(crate) event_types: EventTypes,
    pub(crate) idempotency: IdempotencyRecords,
    pub(crate) parked: ParkedRecipients,
    pub(crate) targets: Targets,
}

impl Caches {
    /// Loads what must be complete from the start. All writers have one index of the generations of idempotency records.
    pub(crate) async fn load(
        connection: &mut sql::Connection<'_>,
        generations: &GenerationIndex,
    ) -> Result<Self, sqlx::Error> {
        let idempotency = IdempotencyRecords::load(connection, generations).await?;
        let (parked, targets) = (ParkedRecipients::load(connection).await?, Targets::load(connection).await?);
        Ok(Self { idempotency, parked, targets, ..Self::default() })
    }

    pub(crate) fn committed(&mut self) {
        self.plugins.committed();
        self.event_types.committed();
        self.idempotency.committed();
        self.parked.committed();
    }

    pub(crate) fn rolled_back(&mut self) {
        self.plugins.rolled_back();
        self.event_types.rolled_back();
        self.idempotency.rolled_back();
        self.parked.rolled_back();
        self.targets.take_written();
    }
}
