//! What committing a job would come to, worked out without committing it.

use inlet_core::{recipient::RecipientKey, settle::Settlement};

/// What a job would come to, and what it would write.
#[derive(Debug)]
pub struct Rehearsal {
    /// Whether the request is to be taken once and was taken already: a commit would refuse it whole.
    pub seen: bool,
    /// One for each item. Their ids are made for the rehearsal: nothing is found under them.
    pub settlements: Vec<Settlement>,
    /// The users, objects and tenants that would be written, by key.
    pub recipients: Vec<RehearsedRecipient>,
    /// How many idempotency records would be written.
    pub records: usize,
}

/// A user, object or tenant that would be written or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsedRecipient {
    /// Which one.
    pub key: RecipientKey,
    /// Its properties now, a JSON object; none: it would be new.
    pub before: Option<String>,
    /// Its properties afterwards, a JSON object; none: it would be deleted.
    pub after: Option<String>,
}
