//! `/sources/new`: a gallery of platforms, then the form of a new source of one.

mod form;
mod gallery;

pub use form::create;

use axum::extract::Query;
use serde::Deserialize;

use crate::{context::Page, error::PageResult};

/// The query.
#[derive(Debug, Default, Deserialize)]
pub struct Chosen {
    /// The plugin's key.
    #[serde(default)]
    platform: Option<String>,
}

/// Shows the gallery, or the form of the chosen platform.
pub async fn show(page: Page, Query(chosen): Query<Chosen>) -> PageResult {
    match chosen.platform.as_deref() {
        None | Some("") => gallery::show(&page).await,
        Some(platform) => form::show(&page, platform).await,
    }
}
