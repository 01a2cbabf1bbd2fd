//! The content of a backup.

/// The content of a backup, as far as a restore needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupContents {
    /// The version of its schema.
    pub schema_version: i64,
    /// The value that its master key sealed for [`crate::SecretLocation::KeyCheck`].
    pub key_check: Vec<u8>,
    /// The time of the event that was stored last, in milliseconds since 1970; none without events.
    pub newest_event_ms: Option<i64>,
}
