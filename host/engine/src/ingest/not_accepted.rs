//! A request that is not accepted, and its connection.

use axum::body::Body;

use super::error::IngestError;
use crate::drain;

/// A request that is not accepted, and what becomes of its connection.
pub(super) struct NotAccepted {
    /// The reason.
    pub(super) error: IngestError,
    /// True if no further request can follow on the connection.
    pub(super) closes: bool,
}

impl NotAccepted {
    /// Refuses a request and drains its body for a moment. The connection stays open if little of the body is left: under
    /// overload a new connection would cost more than the rest of a small body.
    pub(super) fn drain(error: IngestError, body: Body) -> Self {
        Self { error, closes: drain::drain(body) == drain::Rest::Large }
    }

    /// Refuses a request whose body will not end.
    pub(super) fn close(error: IngestError) -> Self {
        Self { error, closes: true }
    }
}

/// Not accepted after its body was read.
impl From<IngestError> for NotAccepted {
    fn from(error: IngestError) -> Self {
        Self { error, closes: false }
    }
}
