//! Requests that signature verification refused.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, optional_whole_number};

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
    /// The reason, for example `failed`, `missing`, `not_configured` or `partly_signed`.
    pub cause: String,
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
    /// True if the body is stored, so that the request can be verified again. A source environment keeps the newest 1000
    /// requests, and of their bodies the newest 64 MiB.
    pub has_body: bool,
}

/// The requests to verify again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = VerifyAll)]
pub struct VerifyRefusedRequests {
    /// `oldest` first, or `newest`; `oldest` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
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
