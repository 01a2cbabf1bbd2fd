//! Pages of lists.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Query parameters of a list that is read page by page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// The page below this cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The page above this cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Entries of a page; 50 if absent.
    #[param(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The same as `limit`.
    #[param(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// What lies around a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageInfo {
    /// Always `PageInfo`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// Give it as `after` for the entries below this page, the older ones; null at the end.
    #[schema(required)]
    pub after: Option<String>,
    /// Give it as `before` for the entries above this page, the newer ones; null at the top.
    #[schema(required)]
    pub before: Option<String>,
    /// The most entries that a page of this size has.
    pub page_size: usize,
}

impl PageInfo {
    /// The cursors around a page of at most `page_size` entries.
    pub fn new(after: Option<String>, before: Option<String>, page_size: usize) -> Self {
        Self { typename: "PageInfo".to_owned(), after, before, page_size }
    }

    /// The page info of a list that is answered whole.
    pub fn whole(entries: usize) -> Self {
        Self::new(None, None, entries)
    }
}
