//! The result of settling a job without committing it.

use inlet_core::{recipient::RecipientKey, settle::Settlement};

use super::Settled;

/// The outcome of a job, and the rows that a commit would write.
#[derive(Debug)]
pub struct Rehearsal {
    /// The cause for which a commit would refuse the whole request, because its signed bytes were taken before.
    pub refused_for: Option<&'static str>,
    /// The results of the first time, for those items that would not run because the same signed bytes were taken before;
    /// empty if they were not.
    pub resent: Vec<Option<Settled>>,
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
