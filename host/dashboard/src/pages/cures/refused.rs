//! Verifying refused requests again, and dismissing them.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::{
    attention::Dismissed,
    refused_requests::{DismissRefusedRequests, VerifiedRequests, VerifyRefusedRequests},
};

use super::{CureForm, Place};
use crate::{context::Page, error::PageResult, respond};

/// Verifies the requests of a cause again.
pub async fn verify(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    verify_all(&page, &place, form.code.clone()).await?;
    Ok(respond::go_to(&page, form.back()))
}

/// Deletes the requests of a cause.
pub async fn dismiss(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    let body = DismissRefusedRequests { cause: form.code.clone(), ids: None };
    let _: Dismissed = page.send(Method::POST, &place.api("/refused/dismiss"), &body).await?;
    Ok(respond::go_to(&page, form.back()))
}

/// Verifies the requests of a cause, or all, with the present settings.
pub(super) async fn verify_all(
    page: &Page,
    place: &Place,
    cause: Option<String>,
) -> Result<VerifiedRequests, crate::error::PageError> {
    let body = VerifyRefusedRequests { cause, ..VerifyRefusedRequests::default() };
    Ok(page.send(Method::POST, &place.api("/refused/verify"), &body).await?)
}
