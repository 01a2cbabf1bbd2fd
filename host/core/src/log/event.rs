//! The log entry of one item of a request.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{outcome::Outcome, stage_times::StageTimes};
use crate::hints::Hints;

/// The fields of a logged event, apart from its contents. The log that is written, the event that the store gives back
/// and the entry that the API shows share them: a new one is added here, to the store's columns, where its value is
/// made, and to the shown entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFields {
    /// UUIDv7, in the order of the request's items.
    pub id: Uuid,
    /// The event type; empty when the item has none (rejected, ignored).
    pub event_type: String,
    /// The id of the user that the event is about.
    pub user_id: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// The human-readable reason of the outcome.
    pub reason: Option<String>,
    /// The machine-readable reason of the outcome: the code of a notice or of a fault.
    pub code: Option<String>,
    /// `verified`, `write_key`, `failed`, `missing` or `not_configured`, with `enforced:` before it where verification is
    /// enforced.
    pub verification_status: String,
    /// The idempotency key; none when it is absent or invalid.
    pub idempotency_key: Option<String>,
    /// The execution that this event replays.
    pub replay_of: Option<Uuid>,
    /// The execution whose failed actions this event ran.
    pub resumes: Option<Uuid>,
    /// The number of recipients that its triggers left out because they are not identified.
    pub skipped_recipients: usize,
    /// The time at which the event happened, in microseconds since 1970.
    pub occurred_at_us: i64,
    /// The time at which the request arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The forwarded headers, a JSON object; none when there were none.
    pub headers: Option<Arc<str>>,
    /// The plugin that translated the event.
    pub plugin: Arc<PluginRef>,
    /// The lines that the plugin logged for the request, a JSON array; none when there were none.
    pub guest_logs: Option<Arc<str>>,
    /// The plugin's hints about the event; none when it gives none.
    pub hints: Option<Box<Hints>>,
    /// Warnings for the operator about an event that did not fail.
    pub warnings: Vec<String>,
    /// The redact paths that blanked something.
    pub redacted: Vec<String>,
    /// The times of the stages of its request; none for an event that no sender's request brought.
    pub stage_times: Option<StageTimes>,
}

impl EventFields {
    /// Fields of an event that is only logged, without an event type, that happened when it arrived.
    pub fn new(id: Uuid, received_at_ms: i64, plugin: Arc<PluginRef>) -> Self {
        Self {
            id,
            event_type: String::new(),
            user_id: None,
            outcome: Outcome::Logged,
            reason: None,
            code: None,
            verification_status: String::new(),
            idempotency_key: None,
            replay_of: None,
            resumes: None,
            skipped_recipients: 0,
            occurred_at_us: received_at_ms.saturating_mul(1000),
            received_at_ms,
            headers: None,
            plugin,
            guest_logs: None,
            hints: None,
            warnings: Vec::new(),
            redacted: Vec::new(),
            stage_times: None,
        }
    }
}

/// One item of a request as it is written. Its fields can be read and set as if they were its own.
#[derive(Debug, Clone)]
pub struct EventLog {
    /// All columns but the contents.
    pub fields: EventFields,
    /// A JSON object; none when the item is not an event.
    pub data: Option<ByteString>,
    /// The item as the platform sent it, redacted.
    pub original: Original,
}

impl Deref for EventLog {
    type Target = EventFields;

    fn deref(&self) -> &EventFields {
        &self.fields
    }
}

impl DerefMut for EventLog {
    fn deref_mut(&mut self) -> &mut EventFields {
        &mut self.fields
    }
}

/// The plugin that translated an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PluginRef {
    /// The plugin's key, for example `segment`.
    pub key: String,
    /// The version in its manifest.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
}

/// An item as the platform sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Original {
    /// Valid JSON text.
    Json(ByteString),
    /// Text that is not JSON.
    Text(ByteString),
    /// Bytes that are not text.
    Bytes(Bytes),
}

impl Original {
    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Original::Json(text) | Original::Text(text) => text.len(),
            Original::Bytes(bytes) => bytes.len(),
        }
    }

    /// Returns true if the item is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
