//! `POST /e/{environment}/logs/{source}/{id}/replay`

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::logs::{ReplayLog, ReplayedLog};
use serde::Deserialize;

use super::Place;
use crate::{context::Page, error::PageResult, respond};

/// The form.
#[derive(Deserialize)]
pub struct ReplayForm {
    force: Option<bool>,
}

/// Runs an event again, and leads to the new entry.
pub async fn replay(
    page: Page,
    Path((environment, source, id)): Path<(String, String, String)>,
    Form(form): Form<ReplayForm>,
) -> PageResult {
    let place = Place { environment, source, id };
    let options = ReplayLog { force: form.force };
    let replayed: ReplayedLog = page.send(Method::POST, &place.api("replay"), &options).await?;
    // A request that holds no item now leaves no new entry.
    let address = if replayed.id.is_empty() { place.own() } else { place.of(&replayed.id) };
    Ok(respond::go_to(&page, &address))
}
