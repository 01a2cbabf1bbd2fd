//! Triggering and canceling workflows.

pub mod cancel;
pub mod outcome;
pub mod trigger;

use crate::error::ApiError;

/// The longest key of a workflow, in characters.
const MAX_KEY_CHARS: usize = 256;

/// Checks the key of a workflow.
pub fn checked_key(key: &str) -> Result<(), ApiError> {
    let problem = match key.chars().count() {
        0 => "it is empty",
        _ if key.chars().any(char::is_control) => "it holds a control character",
        1..=MAX_KEY_CHARS => return Ok(()),
        _ => "it is too long",
    };
    Err(ApiError::invalid("key", format!("{problem}; expected the key of a workflow, 1 to {MAX_KEY_CHARS} characters")))
}
