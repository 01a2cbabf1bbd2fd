//! Links that sign in to the dashboard once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link that signs in to the dashboard once, with the token that made it. This is the only response with its code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInLink {
    /// The path on this server. `?next=` and a path of the dashboard lead on to that page.
    pub path: String,
    /// The time until which it is good.
    #[schema(format = DateTime)]
    pub expires_at: String,
}
