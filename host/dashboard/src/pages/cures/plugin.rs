//! Returning to the previous version of a source's plugin.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::sources::{UsePlugin, UsedPlugin};

use super::{CureForm, Place};
use crate::{context::Page, error::PageResult, respond};

/// Uses the version that the source had before.
pub async fn use_previous(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    let body = UsePlugin { rollback: Some(true), ..UsePlugin::default() };
    let _: UsedPlugin = page.send(Method::POST, &place.api("/plugin"), &body).await?;
    Ok(respond::go_to(&page, form.back()))
}
