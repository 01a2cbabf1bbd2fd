//! `POST /settings/variables/{environment}/{key}/delete`

use axum::{Form, extract::Path, http::Method};
use serde::Deserialize;

use super::super::environment_choice;
use crate::{components::confirm, context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

/// Deletes a variable, once its name was typed.
pub async fn delete(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<DeleteForm>,
) -> PageResult {
    let environment = environment_choice::find(&page, &environment)?;
    confirm::check(&form.confirm_name, &key)?;
    let path = format!("/v1/variables/{}?environment={}", url_part(&key), url_part(&environment.slug));
    page.call(Method::DELETE, &path, &[], None).await?;
    Ok(respond::go_to(&page, &environment_choice::address("variables", environment)))
}
