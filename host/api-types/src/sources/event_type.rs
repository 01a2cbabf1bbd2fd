//! The event types that a source has sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::PageInfo;

/// The event types that a source has sent, the last received first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceEvents {
    /// The event types.
    pub entries: Vec<SourceEvent>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}

/// An event type that a source has sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceEvent {
    /// The event type; `other` stands for those beyond the first 10,000.
    pub event: String,
    /// The time of the last event.
    #[schema(format = DateTime)]
    pub last_received_at: String,
    /// The number of events.
    pub count: i64,
}
