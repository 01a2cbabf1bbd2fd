//! Requests whose URL leads to no endpoint.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::PageInfo;

/// The causes for which requests led to no endpoint, the last one first. They are counted since the server started; where servers
/// share a database, those of all servers in the last 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnroutedRequestList {
    /// The causes.
    pub entries: Vec<UnroutedRequests>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}

/// Requests that led to no endpoint for one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnroutedRequests {
    /// `unknown_endpoint`, `prefixed_endpoint`, `admin_listener`, `doubled_slash`, `capitals`, `no_token` or `unknown_path`.
    pub cause: String,
    /// The answer that they got: what is wrong with the URL, and its cure.
    pub message: String,
    /// The number of requests since the server started (where servers share a database: in the last 30 days), or since they were
    /// dismissed.
    pub count: u64,
    /// The time of the last one.
    #[schema(format = DateTime)]
    pub last_at: String,
}

/// The requests that led to no endpoint to mark as known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissUnroutedRequests {
    /// Their cause.
    pub cause: String,
}
