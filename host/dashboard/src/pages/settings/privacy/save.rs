//! `POST /settings/privacy`

use axum::{Form, http::Method};
use inlet_api_types::environments::{Environment, UpdateEnvironment};
use serde::Deserialize;

use super::super::environment_choice;
use crate::{context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Debug, Deserialize)]
pub struct PrivacyForm {
    environment: String,
    /// `true`, or absent.
    #[serde(default)]
    hide_personal_data: String,
}

/// Hides personal data, or shows it.
pub async fn save(page: Page, Form(form): Form<PrivacyForm>) -> PageResult {
    let environment = environment_choice::find(&page, &form.environment)?;
    let path = format!("/v1/environments/{}", url_part(&environment.slug));
    let hide_personal_data = Some(form.hide_personal_data == "true");
    let change = UpdateEnvironment { hide_personal_data, ..UpdateEnvironment::default() };
    page.send::<Environment>(Method::PATCH, &path, &change).await?;
    Ok(respond::go_to(&page, &environment_choice::address("privacy", environment)))
}
