//! An address without a page.

use crate::error::PageError;

/// Any method, at an address without a page.
pub async fn show() -> PageError {
    PageError::not_found("there is no page at this address; the navigation and the search lead to those there are")
}
