//! Workflow runs as they are read back.

use uuid::Uuid;

use crate::page::Cursor;

/// Which runs.
#[derive(Debug, Clone)]
pub struct RunQuery {
    /// Of this environment.
    pub environment_id: i64,
    /// Where the page begins.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
    /// Of this workflow only.
    pub workflow: Option<String>,
    /// Caused by this event only.
    pub source_event: Option<Uuid>,
}

/// A workflow run. JSON is text, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// The workflow's key.
    pub workflow: String,
    /// The first [`RunRecord::FIRST_RECIPIENTS`].
    pub recipients: Vec<StoredRecipient>,
    /// How many there are in all.
    pub recipients_count: i64,
    /// A JSON string or object reference.
    pub actor: Option<String>,
    /// A JSON string.
    pub tenant: Option<String>,
    /// A JSON object or null.
    pub data: String,
    /// By which the run can be cancelled.
    pub cancellation_key: Option<String>,
    /// The event that caused it.
    pub source_event: Uuid,
}

impl RunRecord {
    /// Recipients that come with a run.
    pub const FIRST_RECIPIENTS: usize = 100;

    /// When it was created, in milliseconds since 1970: the time in its id.
    pub fn inserted_at_ms(&self) -> i64 {
        crate::sqlite::ids::time_of(self.id)
    }
}

/// One recipient of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecipient {
    /// Its place among the recipients, from 0; a cursor.
    pub ordinal: i64,
    /// The object's collection; none for a user.
    pub collection: Option<String>,
    /// The user's or object's id.
    pub id: String,
    /// A JSON object; only if it had some.
    pub trigger_data: Option<String>,
}
