//! Retrying the deliveries that were given up.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::deliveries::{RedriveDeliveries, RedrivenDeliveries};

use super::CureForm;
use crate::{context::Page, error::PageResult, html::url_part, respond};

/// Sends the dead deliveries of an environment again.
pub async fn redrive(page: Page, Path(environment): Path<String>, Form(form): Form<CureForm>) -> PageResult {
    let path = format!("/v1/deliveries/redrive?environment={}", url_part(&environment));
    let _: RedrivenDeliveries = page.send(Method::POST, &path, &RedriveDeliveries::default()).await?;
    Ok(respond::go_to(&page, form.back()))
}
