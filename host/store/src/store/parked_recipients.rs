//! The recipients that triggers wait for.

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::EndWaits,
};

impl Store {
    /// Returns true if a wait has ended and is not logged. `now_ms` is the store's time.
    pub async fn has_ended_waits(&self, now_ms: i64) -> Result<bool, ReadError> {
        read!(self.database, has_ended_waits(now_ms))
    }

    /// Logs the ends of at most `limit` waits, and creates the runs that the transaction of the identify left. Returns
    /// their number; 0 if there are none.
    pub async fn end_waits(&self, now_ms: i64, limit: u32) -> Result<u64, CommitError> {
        self.database.execute(EndWaits { now_ms, limit }).await
    }
}
