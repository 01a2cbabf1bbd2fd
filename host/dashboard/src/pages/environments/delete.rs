//! `POST /settings/environments/{slug}/delete`

use axum::{Form, extract::Path, http::Method};
use serde::Deserialize;

use crate::{components::confirm, context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

/// Deletes an environment, once its identifier was typed.
pub async fn delete(page: Page, Path(slug): Path<String>, Form(form): Form<DeleteForm>) -> PageResult {
    confirm::check(&form.confirm_name, &slug)?;
    let name = url_part(&slug);
    page.call(Method::DELETE, &format!("/v1/environments/{name}?confirm={name}"), &[], None).await?;
    Ok(respond::go_to(&page, "/settings/environments"))
}
