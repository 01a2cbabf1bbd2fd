//! The errors that a server responds with.

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

/// An error response that is not of Inlet's form, for example that of a proxy.
#[derive(Debug, thiserror::Error)]
#[error("{base} answered {status} and is no Inlet server, it seems; check --server")]
pub struct OtherServer {
    /// The server's address.
    pub base: String,
    /// The status.
    pub status: u16,
}
