//! Errors of mappings when they are saved, and of actions when they are carried out.

use crate::{path::BadPath, recipient::ListError};

/// A refusal of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BadMapping {
    /// The member of the mapping, for example `action_parameters.key`.
    pub field: String,
    /// The value that was found and the value that was expected.
    pub message: String,
}

impl BadMapping {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    pub(crate) fn path(field: &str, error: BadPath) -> Self {
        Self::new(field, error.to_string())
    }
}

/// The reason why an action cannot be carried out for an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// A value is missing, has a wrong type or is no id.
    #[error("{0}")]
    Value(String),
    /// A trigger has more recipients than allowed, which stops all mappings of its event.
    #[error("{0}; none of this event's mappings was processed")]
    TooManyRecipients(ListError),
}
