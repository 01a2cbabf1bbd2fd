//! Answers to webhooks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Received {
    /// In the request's order. Over 100: only those that were not accepted, and `counts` by outcome.
    pub events: Vec<ReceivedEvent>,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedEvent {
    /// Its id in the log.
    pub id: String,
    /// What mappings match on.
    pub event_type: String,
    /// `executed`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    pub outcome: String,
}
