//! The rejection of one item.

/// The reason to reject an item.
pub(super) struct Rejection {
    /// The event type, if it was read; it finds the item in the log. Empty otherwise.
    pub(super) event_type: String,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Rejects an item.
pub(super) fn reject<T>(code: &'static str, message: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection { event_type: String::new(), code, message: message.into() })
}
