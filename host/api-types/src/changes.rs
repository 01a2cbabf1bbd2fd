//! The log of changes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// A page of changes, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeList {
    /// The changes.
    pub entries: Vec<Change>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
    /// Number of changes that were looked at for a filter by resource, operation or author, at most 20,000; absent without one. The
    /// cursors go on from there, also from a page without entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<u64>,
}

/// A change made through this API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Identifier; ids of later changes are greater.
    #[schema(format = Uuid)]
    pub id: String,
    /// Time of the change.
    #[schema(format = DateTime)]
    pub at: String,
    /// Author of the change.
    pub who: ChangeAuthor,
    /// Operation id in this document, for example `upsertSource`.
    pub operation: String,
    /// Path of the changed resource under `/v1`, for example `sources/segment`.
    pub resource: String,
    /// Environment; null if the change concerns all environments or none.
    #[schema(required)]
    pub environment: Option<String>,
    /// Differing members before the change; null for a creation. A secret is shown as `"set"`, tokens are left out.
    #[schema(required, value_type = Option<Object>)]
    pub before: Option<RawJson>,
    /// Differing members after the change; null for a deletion. A different secret is shown as `"changed"`.
    #[schema(required, value_type = Option<Object>)]
    pub after: Option<RawJson>,
}

/// The author of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Who)]
pub struct ChangeAuthor {
    /// Id of the management token, which may be deleted since; null for `bootstrap` and `demo`.
    #[schema(required)]
    pub token_id: Option<String>,
    /// Name of the token; `bootstrap` for the token that the server was started with, `demo` for the server itself.
    pub name: String,
}
