//! Requests that verification refused, kept in a bounded ring so that they can be verified again.

use bytes::Bytes;
use uuid::Uuid;

/// A refused request to keep.
#[derive(Debug, Clone)]
pub struct NewRefused {
    /// The database id of its environment.
    pub environment_id: i64,
    /// The database id of the source environment whose endpoint received it.
    pub source_environment_id: i64,
    /// UUIDv7.
    pub id: Uuid,
    /// Time of receipt, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The reason of the refusal.
    pub cause: String,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The HTTP method, in upper case.
    pub method: String,
    /// The part of the path after the endpoint's token.
    pub path: String,
    /// The forwarded query parameters, a JSON array of `{name, value}`.
    pub query: String,
    /// The forwarded headers and those that verification needs, a JSON array of `{name, value}`.
    pub headers: String,
    /// A keyed hash of a secret that was sent in clear text. The secret itself is not kept.
    pub credential_hash: Option<[u8; 32]>,
    /// Size of the body in bytes.
    pub size: u64,
    /// The body, or its first bytes; none if nothing of it is kept.
    pub body: Option<Bytes>,
    /// A sentence about this request, where the cause alone does not say enough.
    pub reason: Option<String>,
}

impl NewRefused {
    /// Returns the bytes of the body and of the head that are kept. Their sender chooses them.
    pub fn bytes(&self) -> usize {
        let body = self.body.as_ref().map_or(0, Bytes::len);
        body + self.path.len() + self.query.len() + self.headers.len()
    }
}

/// The refused requests to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedDismissal {
    /// These requests.
    Requests(Vec<Uuid>),
    /// All that were refused for this cause.
    Cause(String),
}

/// A kept refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRequest {
    /// UUIDv7.
    pub id: Uuid,
    /// Time of receipt, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The reason of the refusal.
    pub cause: String,
    /// Size of the body in bytes.
    pub size: u64,
    /// SHA-256 of the body.
    pub digest: Vec<u8>,
    /// The HTTP method; none if an earlier version kept the request.
    pub method: Option<String>,
    /// The path, or its first characters once the ring was full; none if an earlier version kept the request.
    pub path: Option<String>,
    /// A JSON array of `{name, value}`; none once the ring was full, or if an earlier version kept the request.
    pub query: Option<String>,
    /// A JSON array of `{name, value}`, or the object that an earlier version kept; none once the ring was full.
    pub headers: Option<String>,
    /// A keyed hash of a secret that was sent in clear text.
    pub credential_hash: Option<Vec<u8>>,
    /// A sentence about this request, where the cause alone does not say enough.
    pub reason: Option<String>,
    /// True if the whole body is still kept.
    pub has_body: bool,
    /// The body, or its first bytes; none once the ring was full, and in lists.
    pub body: Option<Bytes>,
}
