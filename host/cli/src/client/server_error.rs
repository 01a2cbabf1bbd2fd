//! The error that a server responds with.

use std::fmt;

use inlet_api_types::ErrorBody;

/// A server's error response. Its text is the server's sentence.
#[derive(Debug)]
pub struct ServerError(pub ErrorBody);

impl std::error::Error for ServerError {}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorBody { message, field, .. } = &self.0;
        match field {
            Some(field) => write!(f, "{field}: {message}"),
            None => f.write_str(message),
        }
    }
}
