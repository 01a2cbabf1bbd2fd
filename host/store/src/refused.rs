//! Requests that verification refused, kept in a bounded ring so that they can be verified again.

use bytes::Bytes;
use uuid::Uuid;

/// A request to keep.
#[derive(Debug, Clone)]
pub struct NewRefused {
    /// Whose endpoint it came to.
    pub source_environment_id: i64,
    /// UUIDv7.
    pub id: Uuid,
    /// When it arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// Why it was refused.
    pub cause: String,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The headers that verification needs, a JSON object.
    pub headers: String,
    /// The body.
    pub body: Bytes,
}

/// A request that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRequest {
    /// UUIDv7.
    pub id: Uuid,
    /// When it arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// Why it was refused.
    pub cause: String,
    /// Bytes of the body.
    pub size: u64,
    /// SHA-256 of the body.
    pub digest: Vec<u8>,
    /// A JSON object; none once the ring was full.
    pub headers: Option<String>,
    /// The body; none once the ring was full, and in lists.
    pub body: Option<Bytes>,
}
