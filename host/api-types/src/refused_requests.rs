//! Requests that signature verification refused.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson, optional_whole_number};

/// The most requests that one call verifies: as many as a source environment keeps.
const MAX_REQUESTS: usize = 1000;

/// A page of refused requests, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RefusedRequests)]
pub struct RefusedRequestList {
    /// The requests, without their bodies.
    pub entries: Vec<RefusedRequest>,
    /// The cursors of the page.
    pub page_info: PageInfo,
}

/// A request that verification refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedRequest {
    /// The request's id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The time of the request.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The reason: `failed`, `missing`, `not_configured`, `doubled`, `malformed`, `stale`, `reused`, `partly_signed`,
    /// `no_public_url`, `wrong_verify_token`, `wrong_write_key`, `missing_write_key`, `unreadable_write_key` or `not_gzip`.
    pub cause: String,
    /// The reason of the refusal, in a sentence; null for a cause that an earlier version of the server stored.
    #[schema(required)]
    pub reason: Option<String>,
    /// The cure for this cause, in a sentence.
    pub what_to_do: String,
    /// The method in upper case; null if an earlier version of the server stored the request.
    #[schema(required)]
    pub method: Option<String>,
    /// The path after the endpoint's token; null if an earlier version of the server stored the request.
    #[schema(required)]
    pub path: Option<String>,
    /// The length of the body, in bytes.
    pub size: u64,
    /// The SHA-256 of the body, in hexadecimal digits.
    pub digest: String,
    /// True if the whole body is stored, so that the request can be verified again. A source environment keeps the newest
    /// 1000 requests, and of their bodies the newest 64 MiB. Of more than `refused_bytes_per_minute` the first 64 KiB of
    /// each are stored, or nothing.
    pub has_body: bool,
}

/// A refused request with its headers and its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RefusedRequestDetails {
    /// The members that lists have too.
    #[serde(flatten)]
    pub request: RefusedRequest,
    /// The forwarded query parameters.
    pub query: Vec<NamedValue>,
    /// The forwarded headers and those that verification reads; null if they are no longer stored. Credentials read `…`.
    #[schema(required)]
    pub headers: Option<Vec<NamedValue>>,
    /// The body, if it is JSON; null otherwise. If `has_body` is false, only its first bytes or nothing.
    #[schema(required, value_type = Value)]
    pub body: Option<RawJson>,
    /// The body, if it is text but not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_text: Option<String>,
    /// The body, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// True if the values of the body and of forwarded headers are returned as `…`, because the environment hides personal
    /// data or redact paths are in force.
    pub personal_data_hidden: bool,
}

/// A header or a query parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedValue {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The refused requests to dismiss: named ones, or all with a cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RefusedDismissal)]
pub struct DismissRefusedRequests {
    /// These requests, at most 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// All requests that were refused for this cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// The requests to verify again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = VerifyAll)]
pub struct VerifyRefusedRequests {
    /// `oldest` first, or `newest`; `oldest` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Only requests that were refused for this cause; any cause if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The most requests to verify; 1000 if absent, which is all.
    #[serde(default, deserialize_with = "read_limit", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

impl VerifyRefusedRequests {
    /// Returns the most requests to verify.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(MAX_REQUESTS)
    }
}

fn read_limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    optional_whole_number(deserializer, 1..=MAX_REQUESTS, |_| {
        format!("expected a whole number from 1 to {MAX_REQUESTS}")
    })
}

/// The result of verifying refused requests again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedRequests {
    /// True if verification is enforced now. If not, requests were accepted without a proof of who sent them.
    pub enforced: bool,
    /// The number of accepted requests.
    pub verified: usize,
    /// The number of their items.
    pub events: usize,
    /// The number of requests that do not verify and stay refused.
    pub refused: usize,
    /// The number of requests whose body is not stored.
    pub not_kept: usize,
}

/// The result of verifying one refused request again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedRequest {
    /// True if the request was accepted.
    pub verified: bool,
    /// True if verification is enforced now. If not, the request was accepted without a proof of who sent it.
    pub enforced: bool,
    /// The reason of the refusal; null if the request was accepted.
    #[schema(required)]
    pub cause: Option<String>,
    /// The number of its items; 0 if it was refused.
    pub count: usize,
    /// The first 100 items.
    pub events: Vec<VerifiedEvent>,
}

/// An item of an accepted request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedEvent {
    /// The log entry.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type; empty if the item has none.
    pub event_type: String,
    /// `executed`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    pub outcome: String,
    /// The reason of the outcome, human-readable.
    #[schema(required)]
    pub reason: Option<String>,
}
