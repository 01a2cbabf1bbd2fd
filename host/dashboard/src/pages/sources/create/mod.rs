//! `/sources/new`: a gallery of platforms, then the form of a new source of one.

mod form;
mod gallery;
mod install;

pub use form::create;
pub use install::install;

use axum::extract::Query;
use serde::Deserialize;

use crate::{context::Page, error::PageResult};

/// The query.
#[derive(Debug, Default, Deserialize)]
pub struct Chosen {
    /// The plugin's key.
    #[serde(default)]
    platform: Option<String>,
    /// The text that the platforms of the gallery hold.
    #[serde(default)]
    q: String,
}

/// Shows the gallery, or the form of the chosen platform.
pub async fn show(page: Page, Query(chosen): Query<Chosen>) -> PageResult {
    match chosen.platform.as_deref() {
        None | Some("") => gallery::show(&page, chosen.q.trim()).await,
        Some(platform) => form::show(&page, platform).await,
    }
}
