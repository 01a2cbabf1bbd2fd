//! The store's side of repairing what failed, was rejected or was refused.

use std::time::Duration;

use inlet_core::settle::Job;
use uuid::Uuid;

use crate::{
    along::Along,
    attention::{AttentionCount, AttentionRecord, Dismissal, KeptRequest},
    change_log::NewChange,
    error::{ChangeError, CommitError, ReadError},
    job_lease::JobLease,
    page::{Cursor, Page},
    replay::{NewReplay, ReplayFilter, ReplayRecord},
    sqlite::{change, read},
    store::{Store, now_ms},
    writer::Settled,
};

/// Items that were rejected or failed.
impl Store {
    /// Like [`Store::commit`], with more in the same transaction.
    pub async fn commit_along(&self, job: Job, along: Along) -> Result<Vec<Settled>, CommitError> {
        self.writer.commit(job, Some(Box::new(along))).await
    }

    /// What is known of an item that was rejected or failed; none for every other.
    pub async fn attention(
        &self,
        source_environment_id: i64,
        event_id: Uuid,
    ) -> Result<Option<AttentionRecord>, ReadError> {
        Ok(read::attention(&self.readers, source_environment_id, event_id).await?)
    }

    /// How many need attention, by cause.
    pub async fn attention_counts(&self, source_environment_id: i64) -> Result<Vec<AttentionCount>, ReadError> {
        Ok(read::attention_counts(&self.readers, source_environment_id).await?)
    }

    /// How many need attention, by cause, in every source environment, with its id.
    pub async fn all_attention_counts(&self) -> Result<Vec<(i64, AttentionCount)>, ReadError> {
        Ok(read::all_attention_counts(&self.readers).await?)
    }

    /// Lets entries no longer need attention; returns how many.
    pub async fn dismiss(
        &self,
        source_environment_id: i64,
        dismissal: Dismissal,
        log: NewChange,
    ) -> Result<u64, CommitError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::dismiss(connection, source_environment_id, &dismissal, &log).await })
            })
            .await
    }

    /// A request that was kept for its items.
    pub async fn kept_request(&self, source_environment_id: i64, id: Uuid) -> Result<Option<KeptRequest>, ReadError> {
        Ok(read::kept_request(&self.readers, source_environment_id, id).await?)
    }

    /// The source environments where something is due to be tried again.
    pub async fn retries_due_in(&self) -> Result<Vec<i64>, ReadError> {
        Ok(read::due_in(&self.readers, now_ms()).await?)
    }

    /// What has been due to be tried again the longest.
    pub async fn next_retry(&self, source_environment_id: i64) -> Result<Option<AttentionRecord>, ReadError> {
        Ok(read::next_due(&self.readers, source_environment_id, now_ms()).await?)
    }

    /// Writes down that a retry failed too; `due_at_ms` says when the next is due, if there is one.
    pub async fn retry_failed(
        &self,
        source_environment_id: i64,
        record: AttentionRecord,
        due_at_ms: Option<i64>,
    ) -> Result<(), CommitError> {
        self.writer
            .change(move |connection| {
                Box::pin(
                    async move { change::retry_failed(connection, source_environment_id, record, due_at_ms).await },
                )
            })
            .await
    }
}

/// Replays of many events.
impl Store {
    /// Starts a replay; [`ChangeError::Taken`] when one is running in that source environment.
    pub async fn replay_create(&self, new: NewReplay, log: NewChange) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::replay_create(connection, &new, &log, now_ms()).await })
            })
            .await
    }

    /// The replays of a source environment, the newest first.
    pub async fn replays(
        &self,
        source_environment_id: i64,
        cursor: Cursor<Uuid>,
        limit: usize,
    ) -> Result<Page<ReplayRecord>, ReadError> {
        Ok(read::replays(&self.readers, source_environment_id, cursor, limit).await?)
    }

    /// One replay.
    pub async fn replay(&self, source_environment_id: i64, id: Uuid) -> Result<Option<ReplayRecord>, ReadError> {
        Ok(read::replay(&self.readers, source_environment_id, id).await?)
    }

    /// All replays that are running, also those that an earlier process began.
    pub async fn running_replays(&self) -> Result<Vec<ReplayRecord>, ReadError> {
        Ok(read::running_replays(&self.readers).await?)
    }

    /// The next events that a replay's filter names, oldest first: after one and before another.
    pub async fn replay_next(
        &self,
        source_environment_id: i64,
        filter: &ReplayFilter,
        (after, before): (Uuid, Uuid),
        limit: usize,
    ) -> Result<Vec<Uuid>, ReadError> {
        Ok(read::replay_next(&self.readers, source_environment_id, filter, (after, before), limit).await?)
    }

    /// Counts the events that a replay's filter names, and writes it down.
    pub async fn replay_count(&self, replay: &ReplayRecord) -> Result<i64, ChangeError> {
        let (source_environment_id, id) = (replay.source_environment_id, replay.id);
        let total = match replay.filter.ids.len() {
            0 => read::replay_count(&self.readers, source_environment_id, &replay.filter, id).await?,
            ids => ids as i64,
        };
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    change::replay_counted(connection, source_environment_id, id, total).await.map(|()| total)
                })
            })
            .await
    }

    /// Ends a replay, cancelled if somebody asked for that; says whether it was running.
    pub async fn replay_end(
        &self,
        source_environment_id: i64,
        id: Uuid,
        cancelled: Option<NewChange>,
    ) -> Result<bool, ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    change::replay_end(connection, source_environment_id, id, cancelled.as_ref(), now_ms()).await
                })
            })
            .await
    }
}

/// Leases of background jobs. `owner` names a running process: no two processes may share one, nor may a process share
/// its name with an earlier one.
impl Store {
    /// Acquires the lease of a job for `ttl`, if it is free, has expired, or is held by `owner`. A current holder keeps
    /// its epoch; everyone else gets the next one.
    pub async fn job_lease_acquire(&self, name: &str, owner: &str, ttl: Duration) -> Result<JobLease, CommitError> {
        let (name, owner, ttl_ms) = (name.to_owned(), owner.to_owned(), millis(ttl));
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::job_lease_acquire(connection, &name, &owner, ttl_ms).await })
            })
            .await
    }

    /// Prolongs a lease to `ttl` from now. Refused once it has expired, even if nobody took it over: then the job's work
    /// is no longer covered by this epoch, and the lease must be acquired again.
    pub async fn job_lease_renew(
        &self,
        name: &str,
        owner: &str,
        epoch: i64,
        ttl: Duration,
    ) -> Result<JobLease, CommitError> {
        let (name, owner, ttl_ms) = (name.to_owned(), owner.to_owned(), millis(ttl));
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::job_lease_renew(connection, &name, &owner, epoch, ttl_ms).await })
            })
            .await
    }

    /// Gives a lease back, so that another owner need not wait for its end. Returns true if it was held until now.
    pub async fn job_lease_release(&self, name: &str, owner: &str, epoch: i64) -> Result<bool, CommitError> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::job_lease_release(connection, &name, &owner, epoch).await })
            })
            .await
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2).min(i64::MAX / 2)
}
