//! The result of a rehearsal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{RehearsedItem, WouldWrite};
use crate::{RawJson, providers::Plugin};

/// The trace of a rehearsed request. Ids of items and runs exist in this response only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceRehearseResponse)]
pub struct Rehearsal {
    /// Always null: nothing is logged.
    #[schema(required, value_type = Option<String>)]
    pub log_id: (),
    /// `ok`; or `error` if the sender would not receive 200, or an item or an action would fail or be rejected.
    pub status: String,
    /// The number of actions.
    pub action_logs_count: usize,
    /// The number of actions that would be executed.
    pub successful_action_logs_count: usize,
    /// The number of actions that would fail. The remaining ones would be skipped.
    pub failed_action_logs_count: usize,
    /// The first 100 errors.
    pub errors: Vec<RehearsalError>,
    /// The result of verification; null if the request does not reach it.
    #[schema(required)]
    pub verification: Option<RehearsedVerification>,
    /// The response that the sender would receive.
    pub answer: RehearsedAnswer,
    /// The plugin that translates the request; null if this server does not have it.
    #[schema(required)]
    pub plugin: Option<Plugin>,
    /// The plugin's log lines about the request.
    #[schema(value_type = Vec<Object>)]
    pub logs: RawJson,
    /// The first 100 items of the request, in its order.
    pub items: Vec<RehearsedItem>,
    /// The number of items.
    pub items_count: usize,
    /// The writes; none for the items if the request would be refused.
    pub would_write: WouldWrite,
}

/// An error that would occur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsalError {
    /// The member of the request or of this response, for example `items[0].actions[1]`.
    pub field: String,
    /// Sentence that states the value found and the value expected.
    pub message: String,
}

/// The result of verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedVerification {
    /// `verified`, `write_key`, `failed`, `missing` or `not_configured`.
    pub status: String,
    /// The items that a valid signature covers: `all` or the `first` of a batch; null without a valid signature.
    #[schema(required)]
    pub covers: Option<String>,
    /// True if requests that are not verified are refused.
    pub enforced: bool,
    /// `accepted`, or `refused` with 401. Items are traced in both cases.
    pub would_be: String,
    /// The reason of a refusal: `missing`, `not_configured`, `failed`, `doubled`, `malformed`, `stale`, `partly_signed`,
    /// `no_public_url`, `wrong_verify_token`, `wrong_write_key`, `missing_write_key`, `unreadable_write_key`, or
    /// `reused` if the same signed bytes were accepted before and cannot be answered like then. Senders never learn it.
    #[schema(required)]
    pub cause: Option<String>,
}

/// The response that the sender would receive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedAnswer {
    /// The status code.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: String,
}
