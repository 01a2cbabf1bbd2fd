//! Returning to the previous version of a source's plugin.

use axum::extract::Path;

use super::Place;
use crate::{context::Page, error::PageResult, html::url_part, pages::source_place::SourcePlace, respond};

/// Leads to the page that compares the version that the source had before with the one in force, and chooses it.
pub async fn previous(page: Page, Path(place): Path<Place>) -> PageResult {
    let place = SourcePlace::new(place.environment, place.source);
    let (source, _) = place.read(&page).await?;
    let plugin = url_part(&source.preconfigured_provider);
    let [source, environment] = [&place.key, &place.environment].map(|part| url_part(part));
    let choice = format!("/plugins/{plugin}/use?source={source}&environment={environment}&rollback=true&next=%2F");
    Ok(respond::go_to(&page, &choice))
}
