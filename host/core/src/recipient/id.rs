//! Ids of users, objects and tenants.

/// The longest id, in characters.
pub const MAX_ID_CHARS: usize = 256;

/// A violation of the rules for ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdProblem {
    /// `""`
    #[error("is empty; expected 1 to {MAX_ID_CHARS} characters")]
    Empty,
    /// Longer than allowed.
    #[error("is longer than {MAX_ID_CHARS} characters")]
    TooLong,
    /// `/`, `#` or a control character.
    #[error("holds {0}, which no id may hold")]
    Holds(&'static str),
}

/// Checks an id: 1 to 256 characters, no `/`, no `#`, no control character.
pub fn check_id(id: &str) -> Result<(), IdProblem> {
    let found = |holds| Err(IdProblem::Holds(holds));
    match id {
        "" => Err(IdProblem::Empty),
        _ if id.chars().count() > MAX_ID_CHARS => Err(IdProblem::TooLong),
        _ if id.contains('/') => found("a slash"),
        _ if id.contains('#') => found("a number sign"),
        _ if id.chars().any(char::is_control) => found("a control character"),
        _ => Ok(()),
    }
}
