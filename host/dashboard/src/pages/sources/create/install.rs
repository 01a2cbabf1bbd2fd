//! `POST /sources/new/install`: installs a plugin of the catalogue, and leads on to the form of a source of it.

use axum::{Form, http::Method};
use inlet_api_types::providers::SourceProvider;
use serde::Deserialize;

use super::gallery;
use crate::{
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    respond,
};

/// The form.
#[derive(Deserialize)]
pub struct InstallForm {
    /// The plugin's key.
    platform: String,
}

/// Installs the plugin. A refusal is shown above the gallery.
pub async fn install(page: Page, Form(form): Form<InstallForm>) -> PageResult {
    let path = format!("/v1/catalog/{}/install", url_part(&form.platform));
    match installed(&page, &path).await {
        Ok(provider) => Ok(respond::go_to(&page, &format!("/sources/new?platform={}", url_part(&provider.key)))),
        Err(error) => gallery::show_error(&page, &error).await,
    }
}

async fn installed(page: &Page, path: &str) -> Result<SourceProvider, PageError> {
    Ok(page.call(Method::POST, path, &[], None).await?.read()?)
}
