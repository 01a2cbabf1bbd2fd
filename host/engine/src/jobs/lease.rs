//! The lease of a job that runs on one node only.
//!
//! A lease is a row in the store with an owner and an end by the database's clock. It is acquired before a run, renewed
//! during the run and released after it. A run whose lease is lost is stopped, and what it had sent off is behind a
//! [fence](inlet_store::JobFence).
//!
//! A process that is killed leaves its leases behind. The database of SQLite belongs to one process, which holds the lock
//! of the data directory, so opening it frees all leases; nodes that share a database wait for [`TTL`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use inlet_store::{CommitError, JobFence};

use crate::Engine;

/// The time after which a lease ends that is not renewed.
const TTL: Duration = Duration::from_secs(30);
/// The time between two renewals. Two of them may fail before the lease ends.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// The epoch of a lease that is not held.
const NOT_HELD: i64 = -1;
/// The epoch of a lease that is being acquired. It stays if the acquiring task is aborted, although the store may have
/// given the lease.
const PERHAPS_HELD: i64 = -2;

/// The lease of one job, as this process sees it. Clones share it.
#[derive(Clone)]
pub(super) struct Lease {
    engine: Engine,
    name: &'static str,
    /// The random id of this process.
    owner: Arc<str>,
    epoch: Arc<AtomicI64>,
}

impl Lease {
    pub(super) fn new(engine: Engine, name: &'static str, owner: Arc<str>) -> Self {
        Self { engine, name, owner, epoch: Arc::new(AtomicI64::new(NOT_HELD)) }
    }

    /// Acquires the lease. Returns false if another process holds it.
    pub(super) async fn acquire(&self) -> Result<bool, CommitError> {
        self.epoch.store(PERHAPS_HELD, Ordering::Relaxed);
        let lease = self.engine.store.job_lease_acquire(self.name, &self.owner, TTL).await?;
        self.epoch.store(if lease.is_held { lease.epoch } else { NOT_HELD }, Ordering::Relaxed);
        Ok(lease.is_held)
    }

    /// Returns the fence of work that is done under the lease, which must be held.
    pub(super) fn fence(&self) -> JobFence {
        JobFence { name: self.name, owner: self.owner.clone(), epoch: self.epoch.load(Ordering::Relaxed) }
    }

    /// Renews the lease again and again. Completes when it is lost.
    pub(super) async fn keep(&self) {
        let epoch = self.epoch.load(Ordering::Relaxed);
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let asked = Instant::now();
            match self.engine.store.job_lease_renew(self.name, &self.owner, epoch, TTL).await {
                Ok(lease) if lease.is_held => renewed = asked,
                Ok(_) => return,
                // The storage does not take anything now. The lease is good until its end.
                Err(_) if renewed.elapsed() + RENEW_EVERY < TTL => {}
                Err(_) => return,
            }
        }
    }

    /// Releases the lease, if it is held. A release that fails costs the next owner [`TTL`].
    pub(super) async fn release(&self) {
        if self.epoch.load(Ordering::Relaxed) == PERHAPS_HELD
            && let Err(error) = self.acquire().await
        {
            tracing::debug!(job = self.name, %error, "it is not known whether the lease of a background job is held");
            return;
        }
        let epoch = self.epoch.swap(NOT_HELD, Ordering::Relaxed);
        if epoch != NOT_HELD
            && let Err(error) = self.engine.store.job_lease_release(self.name, &self.owner, epoch).await
        {
            tracing::debug!(job = self.name, %error, "the lease of a background job was not released");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_engine::TestEngine;

    #[tokio::test]
    async fn a_lease_whose_acquisition_was_cut_off_is_released() {
        let test = TestEngine::start().await;
        let lease = Lease::new(test.engine.clone(), "cut off", "one process".into());
        let acquiring = tokio::spawn({
            let lease = lease.clone();
            async move { lease.acquire().await }
        });
        tokio::task::yield_now().await;
        acquiring.abort();
        _ = acquiring.await;
        lease.release().await;
        let other = Lease::new(test.engine.clone(), "cut off", "another process".into());
        assert!(other.acquire().await.unwrap());
    }
}
