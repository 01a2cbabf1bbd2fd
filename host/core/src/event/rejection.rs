//! The rejection of one item.

/// The reason to reject an item.
pub(super) struct Rejection {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Rejects an item.
pub(super) fn reject<T>(code: &'static str, message: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection { code, message: message.into() })
}
