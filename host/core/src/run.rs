//! Workflow runs.

use bytestring::ByteString;
use uuid::Uuid;

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
