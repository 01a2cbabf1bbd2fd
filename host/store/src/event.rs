//! Event logs as they are read back.

use inlet_core::log::{Original, Outcome, PluginRef, Status};
use uuid::Uuid;

use crate::page::Cursor;

/// A long value, which a list may leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T> {
    /// The value; none when it was left out for its size.
    pub content: Option<T>,
    /// Its size in bytes.
    pub size: u64,
}

/// Which event logs.
#[derive(Debug, Clone)]
pub struct EventQuery {
    /// Of these source environments.
    pub source_environment_ids: Vec<i64>,
    /// This one only.
    pub id: Option<Uuid>,
    /// Of this type only.
    pub event_type: Option<String>,
    /// Of these outcomes only; empty: of all.
    pub outcomes: Vec<Outcome>,
    /// Of this code only.
    pub code: Option<String>,
    /// Not before this time, in milliseconds since 1970, by the time in the id.
    pub starting_at_ms: Option<i64>,
    /// Before this time, in milliseconds since 1970, by the time in the id.
    pub ending_at_ms: Option<i64>,
    /// Where the page begins.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
    /// With their action logs.
    pub include_actions: bool,
    /// Leave originals, data and payloads over [`EventQuery::CUT_ABOVE`] bytes out.
    pub cut: bool,
}

impl EventQuery {
    /// The longest value that a list shows, in bytes.
    pub const CUT_ABOVE: u64 = 16 * 1024;

    /// The newest events of these source environments, long values left out.
    pub fn newest(source_environment_ids: Vec<i64>, limit: usize) -> Self {
        Self {
            source_environment_ids,
            id: None,
            event_type: None,
            outcomes: Vec::new(),
            code: None,
            starting_at_ms: None,
            ending_at_ms: None,
            cursor: Cursor::Start,
            limit,
            include_actions: false,
            cut: true,
        }
    }

    /// One event, whole, with its actions.
    pub fn one(source_environment_ids: Vec<i64>, id: Uuid) -> Self {
        Self { id: Some(id), include_actions: true, cut: false, ..Self::newest(source_environment_ids, 1) }
    }
}

/// An event log. JSON is text, as it was stored.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// UUIDv7.
    pub id: Uuid,
    /// Where it came in.
    pub source_environment_id: i64,
    /// Empty when the item has none.
    pub event_type: String,
    /// Whom it is about.
    pub user_id: Option<String>,
    /// A JSON object; none when the item is not an event.
    pub data: Option<Kept<String>>,
    /// Where the data lies in the original, in bytes; none when it is no slice of it.
    pub data_at: Option<usize>,
    /// The item as it came, redacted.
    pub original: Kept<Original>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
    /// Why, for programs.
    pub code: Option<String>,
    /// See [`inlet_core::log::EventLog::verification_status`].
    pub verification_status: String,
    /// Absent when there is none or it is invalid.
    pub idempotency_key: Option<String>,
    /// The execution that this replays.
    pub replay_of: Option<Uuid>,
    /// The execution whose failed actions this one ran.
    pub resumes: Option<Uuid>,
    /// When it happened, in microseconds since 1970.
    pub occurred_at_us: i64,
    /// When it arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// A JSON object; none when no header was kept.
    pub headers: Option<String>,
    /// What translated it.
    pub plugin: PluginRef,
    /// What the plugin logged, a JSON array.
    pub guest_logs: Option<String>,
    /// What an operator should know though nothing failed.
    pub warnings: Vec<String>,
    /// The redact paths that blanked something.
    pub redacted: Vec<String>,
    /// The entry that this one was carried out again for.
    pub rerun_of: Option<Uuid>,
    /// The entries that carried this one out again, the first [`StoredEvent::MAX_RERUNS`].
    pub rerun_as: Vec<Uuid>,
    /// It was rejected or failed, and nobody has repaired or dismissed it.
    pub needs_attention: bool,
    /// When the server tries it again, in milliseconds since 1970.
    pub retry_at_ms: Option<i64>,
    /// What came is past its retention: original, data, headers, guest logs and payloads are gone.
    pub body_removed: bool,
    /// In the order in which they were carried out; empty too when they were not asked for.
    pub actions: Vec<StoredAction>,
}

impl StoredEvent {
    /// The most reruns that one entry names.
    pub const MAX_RERUNS: usize = 100;
}

/// An action log.
#[derive(Debug, Clone)]
pub struct StoredAction {
    /// UUIDv7.
    pub id: Uuid,
    /// The mapping; none for the built-in identify and for the error of the 1000 rule.
    pub mapping: Option<Uuid>,
    /// Its name; see [`inlet_core::actions::ActionType`].
    pub action_type: String,
    /// How it ended.
    pub status: Status,
    /// A JSON object.
    pub parameters: String,
    /// A JSON object.
    pub payload: Kept<String>,
    /// A JSON object; none when it was not carried out.
    pub result: Option<String>,
    /// Why it was skipped or failed, for people.
    pub reason: Option<String>,
    /// A JSON object.
    pub found_in: String,
}

/// How often an event type was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypeCount {
    /// The type, or `other` for those beyond the first 10,000 and those too long to count.
    pub event_type: String,
    /// How often.
    pub count: i64,
    /// When last, in milliseconds since 1970.
    pub last_received_at_ms: i64,
}

/// What a source environment has received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceStatus {
    /// Items since it exists, pruned ones included.
    pub events_count: i64,
    /// When the last came, in milliseconds since 1970.
    pub last_event_received_ms: Option<i64>,
}
