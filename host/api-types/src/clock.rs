//! The store's time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The system's clock, and the store's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Clock {
    /// The time of the system's clock, which events are dated by.
    #[schema(format = DateTime)]
    pub system_time: String,
    /// The time by which data is kept and idempotency windows are counted. It follows no jump of the system's clock.
    #[schema(format = DateTime)]
    pub store_time: String,
    /// Seconds by which the store's time is behind the system's clock; negative if it is ahead.
    pub behind_seconds: i64,
    /// A note for the operator if the two times differ by an hour or more; else null.
    #[schema(required)]
    pub note: Option<String>,
}
