//! Workflow runs.

use bytestring::ByteString;
use uuid::Uuid;

use crate::recipient::{RecipientKey, USERS};

/// A workflow run that a trigger creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// UUIDv7.
    pub id: Uuid,
    /// The workflow's key.
    pub workflow: String,
    /// The recipients: at least one, all of them identified.
    pub recipients: Vec<RunRecipient>,
    /// A JSON string or object reference; none when there is none.
    pub actor: Option<String>,
    /// A JSON string; none when there is none.
    pub tenant: Option<String>,
    /// The trigger's data, once for all recipients: a JSON object or null.
    pub data: ByteString,
    /// The key by which the run can be cancelled.
    pub cancellation_key: Option<String>,
    /// The event that caused it.
    pub source_event: Uuid,
}

/// One recipient of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecipient {
    /// The object's collection; none for a user.
    pub collection: Option<String>,
    /// The user's or object's id.
    pub id: String,
    /// Data merged over the run's data for this recipient, a JSON object; none if it has none.
    pub trigger_data: Option<String>,
}

impl RunRecipient {
    /// Returns the recipient's key.
    pub fn key(&self) -> RecipientKey {
        match &self.collection {
            None => RecipientKey { collection: USERS.into(), id: self.id.clone() },
            Some(collection) => RecipientKey { collection: collection.clone().into(), id: self.id.clone() },
        }
    }
}

/// A cancellation of the runs of one workflow with one cancellation key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCancellation {
    /// The workflow's key.
    pub workflow: String,
    /// The key that the runs were created with.
    pub cancellation_key: String,
    /// The recipients to cancel; none for all.
    pub recipients: Option<Vec<RecipientKey>>,
    /// The event that cancels.
    pub event: Uuid,
    /// The runs to cancel in this transaction.
    pub runs: Vec<CanceledRun>,
    /// The runs that are left to a background job; none if all are canceled in this transaction.
    pub rest: Option<RunRange>,
}

/// A run that is canceled wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanceledRun {
    /// The run's id.
    pub id: Uuid,
    /// The positions of the canceled recipients among the run's recipients; none if the whole run is canceled.
    pub recipients: Option<Vec<i64>>,
}

/// The runs whose ids lie between two ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRange {
    /// Less than the first id.
    pub after: Uuid,
    /// Greater than the last id.
    pub before: Uuid,
}
