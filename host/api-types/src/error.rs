//! The body of every error.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// Machine-readable code: `unauthorized`, `forbidden`, `not_found`, `method_not_allowed`, `conflict`,
    /// `precondition_failed`, `request_timeout`, `payload_too_large`, `unsupported_media_type`, `invalid`, `internal` or
    /// `unavailable`.
    pub code: String,
    /// Human-readable message: the value found, the value expected, and the remedy.
    pub message: String,
    /// Parameter or member of the body that is wrong, as a dotted path.
    #[schema(required)]
    pub field: Option<String>,
}
