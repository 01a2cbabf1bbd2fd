//! Results of a search.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The things that a search found, the most exact kind first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchResults {
    /// The results; at most five of each kind.
    pub entries: Vec<SearchResult>,
}

/// Something that has the wanted text as its id or its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchResult {
    /// `event`, `workflow_run` or `delivery` with this id; `downstream`: a delivery to which the target gave this id;
    /// `message`: an event with this idempotency key; `user` with this id; `email`: a user with this email; `user_events`: the
    /// newest event about this user.
    pub kind: String,
    /// The id.
    pub id: String,
    /// The event itself, or the one that caused the run or the delivery.
    #[schema(required, format = Uuid)]
    pub event_id: Option<String>,
    /// The source of an event.
    #[schema(required)]
    pub source: Option<String>,
    /// The type of an event.
    #[schema(required)]
    pub event_type: Option<String>,
}

impl SearchResult {
    /// A result without an event.
    pub fn new(kind: &str, id: String) -> Self {
        Self { kind: kind.to_owned(), id, event_id: None, source: None, event_type: None }
    }

    /// A result that an event caused.
    pub fn caused(kind: &str, id: String, event_id: String) -> Self {
        Self { event_id: Some(event_id), ..Self::new(kind, id) }
    }
}
