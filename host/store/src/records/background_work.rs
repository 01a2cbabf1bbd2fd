//! The work that background jobs have left.

/// The work of a kind that background jobs have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkLeft {
    /// The kind.
    pub kind: WorkKind,
    /// The number that is left.
    pub left: u64,
    /// The time at which the oldest was asked for, in milliseconds since 1970; none if that is not known.
    pub oldest_ms: Option<i64>,
}

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkKind {
    /// Users who are to be forgotten.
    ForgetRequests,
    /// Bulk operations of the recipients API.
    BulkOperations,
    /// Runs whose objects become their subscribers.
    Expansions,
    /// Cancellations of more runs than their transaction took.
    Cancellations,
}

impl WorkKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::ForgetRequests, Self::BulkOperations, Self::Expansions, Self::Cancellations];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForgetRequests => "forget_requests",
            Self::BulkOperations => "bulk_operations",
            Self::Expansions => "expansions",
            Self::Cancellations => "cancellations",
        }
    }
}
