//! Leases of background jobs.
//!
//! `owner` names a running process. No two processes may share a name, nor may a process use the name of an earlier one.

use std::time::Duration;

use super::Store;
use crate::{
    error::CommitError,
    operations::{AcquireJobLease, ReleaseJobLease, RenewJobLease},
    records::JobLease,
};

impl Store {
    /// Acquires the lease of a job for `ttl` if it is free, has expired, or is held by `owner`. A current holder keeps
    /// its epoch; everyone else gets the next one.
    pub async fn job_lease_acquire(&self, name: &str, owner: &str, ttl: Duration) -> Result<JobLease, CommitError> {
        let (name, owner, ttl_ms) = (name.to_owned(), owner.to_owned(), millis(ttl));
        self.database.execute(AcquireJobLease { name, owner, ttl_ms }).await
    }

    /// Prolongs a lease to `ttl` from now. A lease that has expired is not renewed, even if nobody took it over: the
    /// epoch no longer covers the job's work, and the lease must be acquired again.
    pub async fn job_lease_renew(
        &self,
        name: &str,
        owner: &str,
        epoch: i64,
        ttl: Duration,
    ) -> Result<JobLease, CommitError> {
        let (name, owner, ttl_ms) = (name.to_owned(), owner.to_owned(), millis(ttl));
        self.database.execute(RenewJobLease { name, owner, epoch, ttl_ms }).await
    }

    /// Gives a lease back, so that another owner need not wait for its end. Returns true if it was held until now.
    pub async fn job_lease_release(&self, name: &str, owner: &str, epoch: i64) -> Result<bool, CommitError> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        self.database.execute(ReleaseJobLease { name, owner, epoch }).await
    }
}

/// Halved at the top, so that the database's clock can be added.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 2)
}
