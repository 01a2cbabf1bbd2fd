//! Verifying refused requests again, and deleting them.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::{
    attention::Dismissed,
    refused_requests::{DismissRefusedRequests, VerifiedRequests, VerifyRefusedRequests},
};
use serde::Deserialize;

use super::{CureForm, Place};
use crate::{
    components::confirm,
    context::Page,
    error::{PageError, PageResult},
    pages::source_place::SourcePlace,
    respond,
    session::sign_in::own_path,
};

/// The form that deletes the requests of a cause.
#[derive(Deserialize)]
pub struct DismissForm {
    #[serde(default)]
    back: String,
    code: String,
    #[serde(default)]
    confirm_name: String,
}

/// Verifies the requests of a cause again.
pub async fn verify(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    verify_all(&page, &place, form.code.clone()).await?;
    Ok(respond::go_to(&page, form.back()))
}

/// Deletes the requests of a cause, once the source's key was typed.
pub async fn dismiss(page: Page, Path(place): Path<Place>, Form(form): Form<DismissForm>) -> PageResult {
    confirm::check(&form.confirm_name, &place.source)?;
    let body = DismissRefusedRequests { cause: Some(form.code), ids: None };
    let _: Dismissed = page.send(Method::POST, &place.api("/refused/dismiss"), &body).await?;
    Ok(respond::go_to(&page, own_path(&form.back)))
}

/// Verifies the requests of a cause, or all, with the present settings.
pub(super) async fn verify_all(
    page: &Page,
    place: &Place,
    cause: Option<String>,
) -> Result<VerifiedRequests, PageError> {
    let body = VerifyRefusedRequests { cause, ..VerifyRefusedRequests::default() };
    Ok(page.send(Method::POST, &place.api("/refused/verify"), &body).await?)
}

/// Verifies all refused requests of a source environment with the present settings.
pub async fn verify_refused(page: &Page, place: &SourcePlace) -> Result<VerifiedRequests, PageError> {
    let place = Place { environment: place.environment.clone(), source: place.key.clone() };
    verify_all(page, &place, None).await
}
