//! Requests that led to no endpoint, as the servers of a database share them.

/// Requests that led to no endpoint for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnroutedRecord {
    /// The cause, one word.
    pub cause: String,
    /// The answer that they got.
    pub message: String,
    /// Their number.
    pub count: u64,
    /// The time of the last one, in milliseconds since 1970.
    pub last_ms: i64,
}
