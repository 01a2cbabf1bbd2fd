//! The store's time.

use super::Store;
use crate::{
    clock::StoreClock,
    error::{ChangeError, CommitError},
    operations::{AcceptSystemTime, KeepStoreTime},
    records::NewChange,
};

impl Store {
    /// Returns the store's clock.
    pub fn clock(&self) -> &StoreClock {
        &self.clock
    }

    /// Writes the store's time, from which the next process continues.
    pub async fn keep_time(&self) -> Result<(), CommitError> {
        self.database.execute(KeepStoreTime { store_ms: self.clock.now_ms() }).await
    }

    /// Lets the store's time continue at the time of the system's clock. What is past its time by that clock may be deleted
    /// from now on.
    pub async fn accept_system_time(&self, log: NewChange) -> Result<(), ChangeError> {
        let system_ms = self.clock.state().system_ms;
        self.database.execute(AcceptSystemTime { system_ms, log }).await?;
        self.clock.accept_system_time();
        Ok(())
    }
}
