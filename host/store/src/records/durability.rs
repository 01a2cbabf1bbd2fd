//! The proof that a commit survives a power cut.

/// The settings that decide how commits reach the disk, read back from the connection that writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// `PRAGMA synchronous`; 2 is FULL: the log is synced before a commit returns.
    pub synchronous: i64,
    /// `PRAGMA journal_mode`.
    pub journal_mode: String,
}
