//! `POST /e/{environment}/deliveries/{id}/retry`

use axum::{extract::Path, http::Method};

use super::delivery_address;
use crate::{context::Page, error::PageResult, html::url_part, respond};

/// Sends a delivery again that was given up, or that waits for a retry.
pub async fn retry(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let path = format!("/v1/deliveries/{}/redrive?environment={}", url_part(&id), url_part(&environment));
    page.call(Method::POST, &path, &[], None).await?;
    Ok(respond::go_to(&page, &delivery_address(&environment, &id)))
}
