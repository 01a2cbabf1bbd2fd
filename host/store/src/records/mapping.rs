//! Mappings as they are stored.

use uuid::Uuid;

/// A mapping from an event type to an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// The event type that it matches.
    pub event_type: String,
    /// The name of the action type.
    pub action_type: String,
    /// The condition under which it applies, a JSON object; none if it always does.
    pub when: Option<String>,
    /// A JSON object.
    pub parameters: String,
    /// True if `$first` and its like in the parameters are forms. False for mappings that were saved before there were
    /// forms: there they are members like any other.
    pub forms: bool,
    /// True if it applies.
    pub active: bool,
    /// Creation time, in milliseconds since 1970; orders actions of one type.
    pub created_at_ms: i64,
    /// Time of the last change, in milliseconds since 1970.
    pub updated_at_ms: i64,
}
