//! Pages of lists.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Query parameters of a list that is read page by page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Cursor of the entry that the page follows: older entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Cursor of the entry that the page precedes: newer entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Maximum number of entries; 50 if absent.
    #[param(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Synonym of `limit`.
    #[param(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// The cursors of the neighbouring pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageInfo {
    /// Always `PageInfo`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// Value of `after` for the next page, with older entries; null at the end.
    #[schema(required)]
    pub after: Option<String>,
    /// Value of `before` for the previous page, with newer entries; null at the start.
    #[schema(required)]
    pub before: Option<String>,
    /// Maximum number of entries of this page.
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
