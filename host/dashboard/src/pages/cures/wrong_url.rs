//! Acknowledging requests whose URL leads to no source.

use axum::{
    Form,
    http::{Method, StatusCode},
};
use inlet_api_types::{attention::Dismissed, unrouted_requests::DismissUnroutedRequests};

use super::CureForm;
use crate::{context::Page, error::PageResult, respond};

/// Marks the requests of a cause as known.
pub async fn acknowledge(page: Page, Form(form): Form<CureForm>) -> PageResult {
    let body = DismissUnroutedRequests { cause: form.code.clone().unwrap_or_default() };
    match page.send::<Dismissed>(Method::POST, "/v1/unrouted_requests/dismiss", &body).await {
        Ok(_) => Ok(respond::go_to(&page, form.back())),
        // Somebody else acknowledged them meanwhile.
        Err(error) if error.status == StatusCode::NOT_FOUND => Ok(respond::go_to(&page, form.back())),
        Err(error) => Err(error.into()),
    }
}
