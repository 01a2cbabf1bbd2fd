//! Items that were rejected or failed and need attention, and the requests that they came in.

use bytes::Bytes;
use inlet_core::log::Outcome;
use uuid::Uuid;

/// A request kept whole, so that its plugin can translate it again. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRequest {
    /// UUIDv7.
    pub id: Uuid,
    /// Time of receipt, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The part of the path after the endpoint's token.
    pub path: String,
    /// The forwarded query parameters, a JSON array of `{name, value}`.
    pub query: String,
    /// The forwarded headers, a JSON array of `{name, value}`.
    pub headers: String,
    /// The verification status logged for its first item.
    pub verification: String,
    /// The verification status logged for its other items.
    pub verification_rest: String,
    /// The body; none if the log of its single item holds it, and if redact paths forbid keeping it.
    pub body: Option<Bytes>,
}

/// A kept request, of whose body only the first bytes were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRequestHead {
    /// The request; its body holds the first bytes.
    pub request: KeptRequest,
    /// The length of the whole body, in bytes; none if it is not kept.
    pub body_size: Option<u64>,
}

/// The position of an item in its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The kept request.
    pub request_id: Option<Uuid>,
    /// The item's position in the request, from 0.
    pub item: u32,
    /// The number of items in the request.
    pub items: u32,
}

impl Origin {
    /// Returns true if the item is the only one of its request.
    pub fn is_whole(&self) -> bool {
        self.items == 1
    }
}

/// The state of an item that was rejected or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionRecord {
    /// The item's log entry.
    pub event_id: Uuid,
    /// True if it still needs attention.
    pub is_open: bool,
    /// The item's position in its request.
    pub origin: Origin,
    /// The number of automatic retries so far.
    pub retries: u32,
    /// Time of the next automatic retry, in milliseconds since 1970.
    pub due_at_ms: Option<i64>,
}

/// The number of entries of a source environment that need attention for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionCount {
    /// `failed` or `rejected`; none for refused requests.
    pub outcome: Option<Outcome>,
    /// The code of an item, or the cause of a refusal.
    pub code: String,
    /// The number of entries.
    pub count: i64,
    /// Time of the oldest entry, in milliseconds since 1970.
    pub oldest_ms: i64,
}

/// Selects entries that shall no longer need attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dismissal {
    /// The entries of these events.
    Events(Vec<Uuid>),
    /// All entries of this outcome and this code, where they are given.
    Cause {
        /// `failed` or `rejected`.
        outcome: Option<Outcome>,
        /// The code.
        code: Option<String>,
    },
}
