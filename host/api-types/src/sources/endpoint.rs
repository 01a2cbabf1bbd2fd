//! Replacing the endpoint of a source.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::optional_whole_number;

/// The longest overlap, in seconds.
const MAX_OVERLAP_SECONDS: u64 = 2_592_000;

/// The endpoint to replace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotateEndpoint {
    /// The time for which the replaced endpoint stays valid, in seconds; a day if absent. 0 ends it and all earlier ones at
    /// once.
    #[serde(default, deserialize_with = "read_overlap", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 2592000)]
    pub overlap_seconds: Option<u64>,
}

fn read_overlap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    optional_whole_number(deserializer, 0..=MAX_OVERLAP_SECONDS, |_| {
        format!("expected a whole number of seconds from 0 to {MAX_OVERLAP_SECONDS}")
    })
}

/// The new endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotatedEndpoint {
    /// The URL that the platform must send to from now on.
    pub endpoint: String,
    /// The environment.
    pub environment: String,
    /// The time until which the replaced endpoint is valid; null if it ended.
    #[schema(required, format = DateTime)]
    pub previous_endpoint_until: Option<String>,
}
