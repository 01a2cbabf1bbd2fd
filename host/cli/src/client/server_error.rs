//! The error that a server responds with.

use std::fmt;

use serde::Deserialize;

/// The body of a server's error response.
#[derive(Debug, Deserialize)]
pub struct ServerError {
    /// The error's code for programs, for example `conflict`.
    pub code: String,
    /// The sentence for the user.
    pub message: String,
    /// The field of the request that the error is about.
    pub field: Option<String>,
}

impl std::error::Error for ServerError {}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
