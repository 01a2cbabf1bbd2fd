//! The log entry of one action.

use std::sync::Arc;

use uuid::Uuid;

use crate::actions::{ActionType, Status};

/// The log of one action.
#[derive(Debug, Clone)]
pub struct ActionLog {
    /// UUIDv7.
    pub id: Uuid,
    /// The mapping's id; none for the built-in identify.
    pub mapping: Option<Uuid>,
    /// The action type.
    pub action_type: ActionType,
    /// The status.
    pub status: Status,
    /// The mapping's parameters, a JSON object.
    pub parameters: Arc<str>,
    /// The parameters resolved, a JSON object.
    pub payload: String,
    /// The result, a JSON object; none for an error.
    pub result: Option<String>,
    /// The human-readable reason of a skipped action or an error.
    pub reason: Option<String>,
    /// The origin of each value by its place in the parameters, a JSON object: `event`, `item`, `headers`, `constant` or
    /// `each`.
    pub found_in: Arc<str>,
    /// Warnings for the operator about an action that was not in error.
    pub warnings: Vec<String>,
}
