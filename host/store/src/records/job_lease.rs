//! The lease of a background job, as its owner sees it.

/// The result of acquiring or renewing the lease of a background job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLease {
    /// True if the caller holds the lease now.
    pub is_held: bool,
    /// The lease's fence. It grows by one each time the lease is taken over, so that work done under an earlier epoch
    /// can be told apart and refused. Zero if nobody has ever held the lease.
    pub epoch: i64,
}
