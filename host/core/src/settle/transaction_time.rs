//! The time of a transaction.

/// The time of a transaction by two clocks, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionTime {
    /// The system's clock, which events, users and replays are dated by.
    pub system_ms: i64,
    /// The store's time, which no jump of that clock moves: idempotency windows are counted by it.
    pub store_ms: i64,
}

impl TransactionTime {
    /// Returns a moment at which both clocks agree.
    pub fn at(ms: i64) -> Self {
        Self { system_ms: ms, store_ms: ms }
    }
}
