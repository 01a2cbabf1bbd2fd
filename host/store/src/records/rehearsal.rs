//! The result of settling a job without committing it.

use inlet_core::{recipient::RecipientKey, settle::Settlement};

/// The outcome of a job, and the rows that a commit would write.
#[derive(Debug)]
pub struct Rehearsal {
    /// True if the request may be taken once and was taken already: a commit would refuse it whole.
    pub seen: bool,
    /// One for each item. Their ids are made for the rehearsal; no row has them.
    pub settlements: Vec<Settlement>,
    /// The users, objects and tenants that would be written, by key.
    pub recipients: Vec<RehearsedRecipient>,
    /// The number of idempotency records that would be written.
    pub records: usize,
}

/// A user, object or tenant that would be written or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsedRecipient {
    /// The recipient's key.
    pub key: RecipientKey,
    /// The present properties, a JSON object; none if it would be new.
    pub before: Option<String>,
    /// The properties after a commit, a JSON object; none if it would be deleted.
    pub after: Option<String>,
}
