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
    /// Upper case.
    pub method: String,
    /// What follows the endpoint's token.
    pub path: String,
    /// The query parameters that left the door, a JSON array of `{name, value}`.
    pub query: String,
    /// The headers that left the door and those that verification needs, a JSON array of `{name, value}`.
    pub headers: String,
    /// A keyed hash of a secret that was sent as it is, and is not kept.
    pub credential_hash: Option<[u8; 32]>,
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
    /// None for one that an earlier version kept.
    pub method: Option<String>,
    /// None for one that an earlier version kept.
    pub path: Option<String>,
    /// A JSON array of `{name, value}`; none for one that an earlier version kept.
    pub query: Option<String>,
    /// A JSON array of `{name, value}`, or an object that an earlier version kept; none once the ring was full.
    pub headers: Option<String>,
    /// A keyed hash of the secret that was sent.
    pub credential_hash: Option<Vec<u8>>,
    /// The body is still kept.
    pub has_body: bool,
    /// The body; none once the ring was full, and in lists.
    pub body: Option<Bytes>,
}
