//! `POST /e/{environment}/sources/{key}/settings/endpoint`: replaces the endpoint's URL.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::sources::{RotateEndpoint, RotatedEndpoint};
use serde::Deserialize;

use super::show;
use crate::{components::confirm, context::Page, error::PageResult, pages::source_place::SourcePlace, respond};

/// The form.
#[derive(Deserialize)]
pub struct RotateForm {
    overlap_seconds: u64,
    confirm_name: String,
}

/// Replaces the endpoint, once the source's name was typed.
pub async fn rotate(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<RotateForm>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    confirm::check(&form.confirm_name, &place.key)?;
    let request = RotateEndpoint { overlap_seconds: Some(form.overlap_seconds) };
    let _: RotatedEndpoint = page.send(Method::POST, &place.api("/rotate_endpoint"), &request).await?;
    Ok(respond::go_to(&page, &show::address(&place)))
}
