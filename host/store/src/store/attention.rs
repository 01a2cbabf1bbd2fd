//! Items that were rejected or failed, and their automatic retries.

use uuid::Uuid;

use super::Store;
use crate::{
    clock::now_ms,
    database::read,
    error::{CommitError, ReadError},
    operations::{Dismiss, DismissRefused, RecordFailedRetry},
    records::{AttentionCount, AttentionRecord, Dismissal, KeptRequest, KeptRequestHead, NewChange, RefusedDismissal},
};

impl Store {
    /// Returns the state of an item that was rejected or failed; none for every other item.
    pub async fn attention(
        &self,
        source_environment_id: i64,
        event_id: Uuid,
    ) -> Result<Option<AttentionRecord>, ReadError> {
        read!(self.database, attention(source_environment_id, event_id))
    }

    /// Counts the entries that need attention, by cause.
    pub async fn attention_counts(&self, source_environment_id: i64) -> Result<Vec<AttentionCount>, ReadError> {
        read!(self.database, attention_counts(source_environment_id))
    }

    /// Counts the entries that need attention, by cause, with the id of their source environment.
    pub async fn all_attention_counts(&self) -> Result<Vec<(i64, AttentionCount)>, ReadError> {
        read!(self.database, all_attention_counts())
    }

    /// Marks entries as no longer needing attention; returns their number.
    pub async fn dismiss(
        &self,
        source_environment_id: i64,
        dismissal: Dismissal,
        log: NewChange,
    ) -> Result<u64, CommitError> {
        self.database.execute(Dismiss { source_environment_id, dismissal, log }).await
    }

    /// Deletes refused requests of a source environment; returns their number.
    pub async fn dismiss_refused(
        &self,
        source_environment_id: i64,
        dismissal: RefusedDismissal,
        log: NewChange,
    ) -> Result<u64, CommitError> {
        self.database.execute(DismissRefused { source_environment_id, dismissal, log }).await
    }

    /// Returns a request that was kept for its items.
    pub async fn kept_request(&self, source_environment_id: i64, id: Uuid) -> Result<Option<KeptRequest>, ReadError> {
        read!(self.database, kept_request(source_environment_id, id))
    }

    /// Returns a request that was kept for its items, with so many bytes of its body at most.
    pub async fn kept_request_head(
        &self,
        source_environment_id: i64,
        id: Uuid,
        max_bytes: u32,
    ) -> Result<Option<KeptRequestHead>, ReadError> {
        read!(self.database, kept_request_head(source_environment_id, id, max_bytes))
    }

    /// Returns the source environments that have an item due for a retry.
    pub async fn retries_due_in(&self) -> Result<Vec<i64>, ReadError> {
        read!(self.database, retries_due_in(now_ms()))
    }

    /// Returns the item that has been due for a retry the longest.
    pub async fn next_retry(&self, source_environment_id: i64) -> Result<Option<AttentionRecord>, ReadError> {
        read!(self.database, next_retry(source_environment_id, now_ms()))
    }

    /// Records a failed retry; `due_at_ms` is the time of the next one, if there is one.
    pub async fn retry_failed(
        &self,
        source_environment_id: i64,
        record: AttentionRecord,
        due_at_ms: Option<i64>,
    ) -> Result<(), CommitError> {
        self.database.execute(RecordFailedRetry { source_environment_id, record, due_at_ms }).await
    }
}
