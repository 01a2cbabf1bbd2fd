//! The log of changes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// A page of changes, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeList {
    /// The changes.
    pub entries: Vec<Change>,
    /// What lies around the page.
    pub page_info: PageInfo,
}

/// A change that was made through this API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Its id; later ones are greater.
    #[schema(format = Uuid)]
    pub id: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who made it.
    pub who: ChangeAuthor,
    /// The operation's id in this document, for example `upsertSource`.
    pub operation: String,
    /// What was changed, as its path under `/v1`, for example `sources/segment`.
    pub resource: String,
    /// Where; null when it is about all environments or about none.
    #[schema(required)]
    pub environment: Option<String>,
    /// What was: of a change only what differs; null when it was created. Secrets are `"set"`, tokens are not in it.
    #[schema(required, value_type = Option<Object>)]
    pub before: Option<RawJson>,
    /// What is; null when it was deleted. A secret that is another now is `"changed"`.
    #[schema(required, value_type = Option<Object>)]
    pub after: Option<RawJson>,
}

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Who)]
pub struct ChangeAuthor {
    /// The management token's id, which may be deleted by now; null for `bootstrap` and `demo`.
    #[schema(required)]
    pub token_id: Option<String>,
    /// The token's name; `bootstrap` for the token that the server was started with, `demo` for the server itself.
    pub name: String,
}
