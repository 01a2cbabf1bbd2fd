//! What needs somebody: items that were rejected or failed, and the requests that they came in.

use bytes::Bytes;
use inlet_core::log::Outcome;
use uuid::Uuid;

/// A request kept whole, so that its plugin can translate it once more. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRequest {
    /// UUIDv7.
    pub id: Uuid,
    /// When it arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// Upper case.
    pub method: String,
    /// What follows the endpoint's token.
    pub path: String,
    /// The query parameters that left the door, a JSON array of `{name, value}`.
    pub query: String,
    /// The headers that left the door, a JSON array of `{name, value}`.
    pub headers: String,
    /// What is logged about the verification of its first item.
    pub verification: String,
    /// What is logged about the verification of its other items.
    pub verification_rest: String,
    /// The body; none when the log of its one item holds it, and when redact paths forbid to keep it.
    pub body: Option<Bytes>,
}

/// Where an item came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The kept request.
    pub request_id: Option<Uuid>,
    /// Its place among the request's items, from 0.
    pub item: u32,
    /// How many items there were.
    pub items: u32,
}

impl Origin {
    /// The item stands for its request as a whole.
    pub fn is_whole(&self) -> bool {
        self.items == 1
    }
}

/// What is known of an item that was rejected or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionRecord {
    /// Its log entry.
    pub event_id: Uuid,
    /// It still needs attention.
    pub is_open: bool,
    /// Where it came from.
    pub origin: Origin,
    /// How often the server tried again.
    pub retries: u32,
    /// When the server tries again, in milliseconds since 1970.
    pub due_at_ms: Option<i64>,
}

/// How many of a source environment need attention, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionCount {
    /// `failed`, `rejected`, or none for refused requests.
    pub outcome: Option<Outcome>,
    /// The code or the cause.
    pub code: String,
    /// How many.
    pub count: i64,
    /// When the oldest came, in milliseconds since 1970.
    pub oldest_ms: i64,
}

/// What is no longer to need attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dismissal {
    /// These.
    Events(Vec<Uuid>),
    /// All of this outcome, if one is given, and of this code, if one is given.
    Cause {
        /// `failed` or `rejected`.
        outcome: Option<Outcome>,
        /// The code.
        code: Option<String>,
    },
}
