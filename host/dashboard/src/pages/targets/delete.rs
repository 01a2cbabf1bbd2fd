//! `POST /e/{environment}/targets/{key}/delete`

use axum::{Form, extract::Path, http::Method};
use serde::Deserialize;

use super::api_path;
use crate::{components::confirm, context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

/// Deletes a target, once its key was typed.
pub async fn delete(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<DeleteForm>,
) -> PageResult {
    confirm::check(&form.confirm_name, &key)?;
    page.call(Method::DELETE, &api_path(&environment, &key, ""), &[], None).await?;
    Ok(respond::go_to(&page, &format!("/e/{}/targets", url_part(&environment))))
}
