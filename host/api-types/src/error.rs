//! The body of every error.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every error's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// For programs: `unauthorized`, `forbidden`, `not_found`, `method_not_allowed`, `conflict`, `precondition_failed`,
    /// `request_timeout`, `payload_too_large`, `unsupported_media_type`, `invalid`, `internal` or `unavailable`.
    pub code: String,
    /// For people: what was found, what was expected, what to do.
    pub message: String,
    /// The parameter or the member of the body that it is about, as a dotted path.
    #[schema(required)]
    pub field: Option<String>,
}
