//! The index over event logs, which a background job writes.

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{AddLogEntries, BeginLogSegment, FinishLogSegment, PruneLogSegments},
    records::{LogSearchEntry, LogSegment},
};

impl Store {
    /// Returns true if a source environment has enough event logs with ids below `before` for a segment.
    pub async fn has_unindexed_logs(&self, source_environment_id: i64, before: Uuid) -> Result<bool, ReadError> {
        read!(self.database, has_unindexed_logs(source_environment_id, before))
    }

    /// Makes a segment of the event logs that follow the last one; returns none if there are too few. It is to be written
    /// with the methods below.
    ///
    /// Give no id below which an event could still be committed: it would be found by no search.
    pub async fn unindexed_logs(
        &self,
        source_environment_id: i64,
        before: Uuid,
    ) -> Result<Option<LogSegment>, ReadError> {
        read!(self.database, unindexed_logs(source_environment_id, before, &self.hash_key))
    }

    /// Returns the number for a new segment. Returns `None` if at most `limit` entries were deleted that a stopped process
    /// left: call it again, after a pause.
    pub async fn begin_log_segment(&self, limit: u32) -> Result<Option<i64>, CommitError> {
        self.database.execute(BeginLogSegment { limit }).await
    }

    /// Writes a slice of a segment's entries, in their order.
    pub async fn add_log_entries(&self, segment: i64, entries: Vec<LogSearchEntry>) -> Result<(), CommitError> {
        self.database.execute(AddLogEntries { segment, entries }).await
    }

    /// Puts a segment into the index. All its entries are written.
    pub async fn finish_log_segment(&self, segment: i64, of: &LogSegment) -> Result<(), CommitError> {
        let LogSegment { source_environment_id, first_id, last_id, .. } = *of;
        self.database.execute(FinishLogSegment { segment, source_environment_id, first_id, last_id }).await
    }

    /// Returns true if [`Store::prune_log_segments`] would delete something.
    pub async fn has_prunable_log_segments(&self) -> Result<bool, ReadError> {
        read!(self.database, has_prunable_log_segments())
    }

    /// Deletes at most `limit` rows of segments whose events are gone; returns their number. Zero means that nothing is
    /// left to delete.
    pub async fn prune_log_segments(&self, limit: u32) -> Result<u64, CommitError> {
        self.database.execute(PruneLogSegments { limit }).await
    }
}
