//! `POST /sources/{key}/delete`

use axum::{Form, extract::Path, http::Method};
use serde::Deserialize;

use crate::{components::confirm, context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

/// Deletes a source in every environment, once its identifier was typed.
pub async fn delete(page: Page, Path(key): Path<String>, Form(form): Form<DeleteForm>) -> PageResult {
    confirm::check(&form.confirm_name, &key)?;
    page.call(Method::DELETE, &format!("/v1/sources/{}", url_part(&key)), &[], None).await?;
    Ok(respond::go_to(&page, "/sources"))
}
