//! Targets: where runs are delivered to.

use std::sync::atomic::Ordering;

use super::Store;
use crate::{
    database::read,
    error::{ChangeError, ReadError},
    operations::{DeleteTarget, PutTarget, SetTargetState},
    records::{NewChange, NewTarget, TargetRecord, TargetSecrets, TargetState},
};

impl Store {
    /// Returns the targets of all environments, by environment and key.
    pub async fn targets(&self) -> Result<Vec<TargetRecord>, ReadError> {
        read!(self.database, targets())
    }

    /// Returns the secrets of a target, a JSON object; none if it has none or was deleted.
    pub async fn target_secrets(&self, id: i64) -> Result<Option<TargetSecrets>, ReadError> {
        read!(self.database, target_secrets(id, &*self.vault))
    }

    /// Creates a target, or replaces its settings; returns its id. Events that are committed afterwards are routed to it.
    pub async fn target_put(&self, new: NewTarget, log: NewChange) -> Result<i64, ChangeError> {
        let put = self.database.execute(PutTarget { new, log }).await;
        self.target_changed();
        put
    }

    /// Deletes a target and its secrets. [`Store::prune_deleted`] cancels its open deliveries, which nobody claims any more.
    pub async fn target_delete(&self, environment_id: i64, key: String, log: NewChange) -> Result<(), ChangeError> {
        let deleted = self.database.execute(DeleteTarget { environment_id, key, log }).await;
        self.target_changed();
        deleted
    }

    /// Pauses, disables or resumes a target; returns false, and writes nothing, if it has that state or is gone. Its
    /// deliveries are kept.
    pub async fn target_set_state(
        &self,
        id: i64,
        state: TargetState,
        reason: Option<String>,
        log: NewChange,
    ) -> Result<bool, ChangeError> {
        let set = self.database.execute(SetTargetState { id, state, reason, log }).await;
        self.target_changed();
        set
    }

    /// Returns the number of changes of targets by this process. Whoever keeps targets in memory reads them again when it has
    /// grown: what is delivered after a change is delivered with it.
    pub fn target_changes(&self) -> u64 {
        self.target_changes.load(Ordering::Acquire)
    }

    pub(super) fn target_changed(&self) {
        self.target_changes.fetch_add(1, Ordering::AcqRel);
        self.deliveries.notify_one();
    }
}
