//! Answers to webhooks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The outcomes of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Received {
    /// Events in the order of the request. Above 100 events: only those not accepted, and `counts` by outcome.
    pub events: Vec<ReceivedEvent>,
}

/// The outcome of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedEvent {
    /// Id of the log entry.
    pub id: String,
    /// Event type, as mappings match it.
    pub event_type: String,
    /// `executed`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    pub outcome: String,
}
