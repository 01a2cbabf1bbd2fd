//! Quarantines that the servers of a database share.

/// A plugin of a source environment that is not run, because it failed on most requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRecord {
    /// The source environment's database id.
    pub source_environment_id: i64,
    /// The plugin's digest.
    pub digest: String,
    /// The begin, in milliseconds since 1970.
    pub since_ms: i64,
    /// The faults in the window that began it.
    pub faults: u64,
    /// The calls in that window.
    pub calls: u64,
}
