//! The trace of a stored event: where its values were found, and what decided about its actions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{providers::Plugin, refused_requests::NamedValue, rehearsals::RehearsedMapping};

/// The trace of a log entry. It complements the entry itself (`GET /v1/sources/{key}/logs?id=…`), which has the item, the event,
/// the actions and the deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceLogTrace)]
pub struct EventTrace {
    /// The log entry's id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The places of the event's values in the received item.
    pub values: TracedValues,
    /// The mappings of now, oldest first, each with its match or the reason of its mismatch. Those that did run are the
    /// entry's actions.
    pub mappings: Vec<RehearsedMapping>,
    /// The number of mappings that do not match and are left out.
    pub mappings_left_out: usize,
    /// The whole request of the item, which is kept if one of its items failed or was rejected; null if it is not kept, and
    /// where the environment hides personal data or redact paths are in force.
    #[schema(required)]
    pub request: Option<TracedRequest>,
}

/// The request that an item came in, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedRequest {
    /// The method in upper case.
    pub method: String,
    /// The path after the endpoint's token.
    pub path: String,
    /// The forwarded query parameters.
    pub query: Vec<NamedValue>,
    /// The forwarded headers.
    pub headers: Vec<NamedValue>,
    /// The body's first 256 KiB; null if it is not text, and if it is the received item, which the entry has.
    #[schema(required)]
    pub body: Option<String>,
    /// The length of the whole body, in bytes; null if it is the received item.
    #[schema(required)]
    pub body_size: Option<u64>,
    /// True if `body` is not the whole body.
    pub body_is_cut: bool,
}

/// The places at which the plugin found the values of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedValues {
    /// `found`; `differs` if the plugin makes another event of the item now than is stored; `unknown`.
    pub status: String,
    /// The reason, human-readable; null for `found`.
    #[schema(required)]
    pub reason: Option<String>,
    /// The plugin that translated the item again: the version that translated it then.
    pub plugin: Plugin,
    /// The time that the translation took now, in microseconds; null if there was none.
    #[schema(required)]
    pub duration_us: Option<u64>,
    /// The values; empty for `unknown`.
    pub entries: Vec<TracedValue>,
}

/// The place of one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedValue {
    /// The member of the event: `user_id`, `data`, `idempotency_key` or `occurred_at`; a member of data that the plugin
    /// assembled, as in `data.email`.
    pub field: String,
    /// The JSON Pointer from the top of the received item, empty for the whole item; null if the plugin wrote the value.
    #[schema(required)]
    pub pointer: Option<String>,
}
