//! The index over event logs.

use inlet_core::log::Status;
use uuid::Uuid;

/// A run of a source environment's event logs, with the entries that find them by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSegment {
    /// The source environment.
    pub source_environment_id: i64,
    /// The id of the first event.
    pub first_id: Uuid,
    /// The id of the last event.
    pub last_id: Uuid,
    /// The entries, sorted, each once.
    pub entries: Vec<LogSearchEntry>,
}

/// One value of one event, or of many events of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSearchEntry {
    /// A keyed hash of the attribute and its value.
    pub hash: u32,
    /// The first 8 bytes of the event's id; none if the value is so frequent that the segment is scanned for it.
    pub event: Option<[u8; 8]>,
}

/// Selects actions, by conditions that one and the same action fulfils.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionFilter {
    /// Actions of this type only, such as `workflows_trigger`.
    pub action_type: Option<String>,
    /// Actions of this mapping only.
    pub mapping: Option<Uuid>,
    /// Actions that trigger or cancel this workflow only.
    pub workflow: Option<String>,
    /// Actions that ended so only.
    pub status: Option<Status>,
    /// Triggers that reached or skipped this recipient only.
    pub recipient: Option<RecipientFilter>,
}

/// A recipient that a trigger reached or skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientFilter {
    /// The collection of an object; none for a user.
    pub collection: Option<String>,
    /// The id.
    pub id: String,
}
