//! Letting a target run again.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::targets::Target;
use serde_json::json;

use super::CureForm;
use crate::{context::Page, error::PageResult, html::url_part, respond};

/// Resumes a paused target.
pub async fn resume(page: Page, Path(place): Path<(String, String)>, Form(form): Form<CureForm>) -> PageResult {
    change(&page, &place, "resume", &form).await
}

/// Enables a disabled target.
pub async fn enable(page: Page, Path(place): Path<(String, String)>, Form(form): Form<CureForm>) -> PageResult {
    change(&page, &place, "enable", &form).await
}

async fn change(page: &Page, (environment, key): &(String, String), call: &str, form: &CureForm) -> PageResult {
    let path = format!("/v1/targets/{}/{call}?environment={}", url_part(key), url_part(environment));
    let _: Target = page.send(Method::POST, &path, &json!({})).await?;
    Ok(respond::go_to(page, form.back()))
}
