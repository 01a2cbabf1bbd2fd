//! `POST /plugins/{key}/versions/{version}/remove`

use axum::{Form, extract::Path, http::Method};
use serde::Deserialize;

use crate::{components::confirm, context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Deserialize)]
pub struct RemoveForm {
    confirm_name: String,
}

/// Removes an added version, once its number was typed.
pub async fn remove(
    page: Page,
    Path((key, version)): Path<(String, String)>,
    Form(form): Form<RemoveForm>,
) -> PageResult {
    confirm::check(&form.confirm_name, &version)?;
    let (key, version) = (url_part(&key), url_part(&version));
    page.call(Method::DELETE, &format!("/v1/source_providers/{key}/versions/{version}"), &[], None).await?;
    // The plugin itself may be gone with its last version.
    let left = page.call(Method::GET, &format!("/v1/source_providers/{key}"), &[], None).await;
    Ok(respond::go_to(&page, &if left.is_ok() { format!("/plugins/{key}") } else { "/plugins".to_owned() }))
}
