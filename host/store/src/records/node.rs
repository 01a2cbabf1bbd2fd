//! The servers that share a database.

use uuid::Uuid;

use super::QuarantineRecord;

/// A server, as it tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNode {
    /// The id of the process.
    pub id: Uuid,
    /// The name that its operator gave it, or that of its machine.
    pub name: String,
    /// The version of the server.
    pub version: String,
    /// The start, in milliseconds since 1970.
    pub started_at_ms: i64,
}

/// A server, as the others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRecord {
    /// The server, as it told of itself.
    pub node: NewNode,
    /// The time at which it was last heard of, by the database's clock, in milliseconds since 1970.
    pub seen_at_ms: i64,
    /// The time by which the database's clock was ahead of its machine's then, in milliseconds; negative if it was behind.
    pub clock_behind_ms: i64,
    /// True if its lease has not ended.
    pub is_alive: bool,
}

/// The state of what other servers may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedVersion {
    /// The newest entry of the change log; none without any.
    pub configuration: Option<Uuid>,
    /// The greatest place of an event in the order of commits.
    pub newest_event: i64,
    /// The plugins that are not run.
    pub quarantines: Vec<QuarantineRecord>,
}
