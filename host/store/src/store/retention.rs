//! Retention. Each method deletes one slice: call it in a loop, with a pause between slices.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use uuid::Uuid;

use super::Store;
use crate::{
    error::CommitError,
    operations::{
        ForgetExpiredSecrets, HashedTable, KeepLogPartitions, PruneBodies, PruneChangeLog, PruneDeletedSources,
        PruneHashed, PruneLogs, PruneRecords,
    },
    records::{Bodies, Pruned, PrunedBodies, PrunedRecords},
};

/// The positions of the walks over tables whose key is a hash: the last key that each looked at, empty at its start.
#[derive(Default)]
pub(super) struct HashWalks {
    old_records: Mutex<Vec<u8>>,
    /// True once the walk over idempotency records of earlier versions is complete, and the newer ones are next.
    old_records_walked: AtomicBool,
    nonces: Mutex<Vec<u8>>,
}

/// The positions of the walks over old runs, by environment: the runs before them have open deliveries.
#[derive(Default)]
pub(super) struct RunWalks(Mutex<HashMap<i64, Uuid>>);

impl Store {
    /// Deletes rows of an environment from before `cutoff_ms`: at most `limit` event logs, runs and refused requests
    /// each, with their dependants. An empty answer means that nothing is left to delete. Runs with open deliveries are kept;
    /// the next slice looks behind them, and the one after the last run at all again.
    pub async fn prune(&self, environment_id: i64, cutoff_ms: i64, limit: u32) -> Result<Pruned, CommitError> {
        let walks = || self.run_walks.0.lock().unwrap_or_else(PoisonError::into_inner);
        let runs_after = walks().get(&environment_id).copied();
        let operation = PruneLogs { environment_id, cutoff_ms, limit, runs_after };
        let (pruned, position) = self.database.execute(operation).await?;
        match position {
            Some(position) => walks().insert(environment_id, position),
            None => walks().remove(&environment_id),
        };
        Ok(pruned)
    }

    /// Makes the partitions of the logs for the coming days, and drops those in which everything is from before `cutoff_ms`, the
    /// end of the longest retention of any environment. Returns the time before which nothing is left, up to which the
    /// environments with that retention are pruned: what came since goes with its partition. None if there are no partitions,
    /// or the oldest one is a long one: then they are pruned as the others are.
    pub async fn keep_log_partitions(&self, cutoff_ms: i64) -> Result<Option<i64>, CommitError> {
        if !self.is_shared() {
            return Ok(None);
        }
        self.database.execute(KeepLogPartitions { cutoff_ms }).await
    }

    /// Deletes replaced endpoint tokens and signing secrets that are no longer accepted; returns their number.
    pub async fn forget_expired_secrets(&self, now_ms: i64) -> Result<u64, CommitError> {
        self.database.execute(ForgetExpiredSecrets { now_ms }).await
    }

    /// Deletes at most `slice` idempotency records that expired before `now_ms`. It is complete when none is left.
    pub async fn prune_idempotency(&self, now_ms: i64, slice: u32) -> Result<PrunedRecords, CommitError> {
        let walks = &self.hash_walks;
        let mut deleted = 0;
        if !walks.old_records_walked.load(Ordering::Relaxed) {
            let old = self.prune_hashed(HashedTable::Idempotency, &walks.old_records, now_ms, slice).await?;
            if !old.complete {
                return Ok(old);
            }
            deleted = old.deleted;
        }
        let PrunedRecords { deleted: newer, complete } = self.database.execute(PruneRecords { now_ms, slice }).await?;
        walks.old_records_walked.store(!complete, Ordering::Relaxed);
        Ok(PrunedRecords { deleted: deleted + newer, complete })
    }

    /// Looks at the next `slice` signed requests that were taken, and deletes those that expired before `now_ms`. The walk
    /// starts over after the last one.
    pub async fn prune_nonces(&self, now_ms: i64, slice: u32) -> Result<PrunedRecords, CommitError> {
        self.prune_hashed(HashedTable::Nonces, &self.hash_walks.nonces, now_ms, slice).await
    }

    async fn prune_hashed(
        &self,
        table: HashedTable,
        walk: &Mutex<Vec<u8>>,
        now_ms: i64,
        slice: u32,
    ) -> Result<PrunedRecords, CommitError> {
        let position = || walk.lock().unwrap_or_else(PoisonError::into_inner);
        let after = std::mem::take(&mut *position());
        let (pruned, last) = self.database.execute(PruneHashed { table, after, now_ms, slice }).await?;
        *position() = last.unwrap_or_default();
        Ok(pruned)
    }

    /// Removes bodies of an environment's events from before `cutoff_ms`, while their logs stay, and of its refused
    /// requests for [`Bodies::All`]. Passes at most `limit` events; zero passed means that nothing is left to do.
    ///
    /// An event is passed once. So give no cutoff after which an event with an earlier id could still be committed.
    pub async fn prune_bodies(
        &self,
        environment_id: i64,
        bodies: Bodies,
        cutoff_ms: i64,
        limit: u32,
    ) -> Result<PrunedBodies, CommitError> {
        self.database.execute(PruneBodies { environment_id, bodies, cutoff_ms, limit }).await
    }

    /// Deletes at most `limit` rows of each table that belong to one deleted source or environment. Returns the number of rows; zero
    /// means that nothing is left.
    pub async fn prune_deleted(&self, limit: u32) -> Result<u64, CommitError> {
        self.database.execute(PruneDeletedSources { limit }).await
    }

    /// Deletes at most `limit` entries of the change log from before a time; returns their number.
    pub async fn prune_changes(&self, cutoff_ms: i64, limit: u32) -> Result<u64, CommitError> {
        self.database.execute(PruneChangeLog { cutoff_ms, limit }).await
    }
}
