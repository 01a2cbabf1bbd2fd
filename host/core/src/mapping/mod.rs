//! Mappings from event types to actions.
//!
//! Source of the rules: semantics.md §1, §5 and §6.

pub mod condition;
mod index;
mod mismatch;

use std::sync::Arc;

use uuid::Uuid;

use crate::actions::Action;
pub use crate::actions::BadMapping;

pub use condition::Condition;
pub use index::{MappingIndex, matched_by};
pub use mismatch::Mismatch;

/// The call types of customer data platforms: event types that are complete by themselves.
pub const CALL_TYPES: [&str; 7] = ["track", "identify", "page", "screen", "group", "alias", "delete"];

/// A mapping of one source environment.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The id.
    pub id: Uuid,
    /// The name that it matches; see [`MappingIndex`].
    pub event_type: String,
    /// The condition under which the mapping applies; none if it always does.
    pub when: Option<Condition>,
    /// The action, its parameters parsed.
    pub action: Action,
    /// The parameters as written, a JSON object.
    pub parameters: Arc<str>,
    /// False if it is switched off and matches nothing.
    pub active: bool,
    /// The time of its creation, in milliseconds since 1970: older mappings of one action type come first.
    pub created_at_ms: i64,
    /// The time of its last change, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// Checks an event type as a mapping names it.
pub fn check_event_type(event_type: &str) -> Result<(), BadMapping> {
    match event_type {
        "" => Err(BadMapping::new("event_type", "it is empty; expected for example \"track/Order Completed\"")),
        _ if event_type.chars().any(char::is_control) => {
            Err(BadMapping::new("event_type", "it holds control characters, which no event type holds"))
        }
        _ => Ok(()),
    }
}
