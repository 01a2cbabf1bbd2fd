//! Errors of settings and bodies.

/// A setting that a target cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {sentence}")]
pub struct TargetError {
    /// The JSON Pointer of the member, in the settings or the secrets.
    pub pointer: String,
    /// The sentence: what was found, what was expected, what to do. It holds no secret.
    pub sentence: String,
}

impl TargetError {
    /// Names a member and what is wrong with it.
    pub fn new(pointer: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), sentence: sentence.into() }
    }
}

/// A request that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The body of one recipient is too large.
    #[error("the body for one recipient has {found} bytes; the target takes {most} at most")]
    TooLarge {
        /// Its size.
        found: usize,
        /// The largest.
        most: usize,
    },
    /// The target has no such call.
    #[error("{0}")]
    Impossible(String),
}
