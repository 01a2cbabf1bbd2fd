//! The refusal of a setting.

/// A refusal of a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BadSetting {
    /// The name of the setting.
    pub field: String,
    /// The value that was found and the value that was expected.
    pub message: String,
}

impl BadSetting {
    /// Creates an error about a setting.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}
