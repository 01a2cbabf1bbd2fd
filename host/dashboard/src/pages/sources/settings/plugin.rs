//! `POST /e/{environment}/sources/{key}/settings/plugin`: uses the version of the plugin that was compared.

use axum::{
    Form,
    extract::Path,
    http::{Method, StatusCode},
};
use inlet_api_types::sources::{UsePlugin, UsedPlugin};
use serde::Deserialize;

use super::{compare_plugin, show};
use crate::{context::Page, error::PageResult, pages::source_place::SourcePlace, respond};

/// The form.
#[derive(Deserialize)]
pub struct PluginForm {
    /// The digest of a version.
    version: String,
    /// Sent to accept differences in verification and options.
    #[serde(default)]
    confirm: Option<String>,
}

/// Uses a version. If the API refuses it, or asks for a confirmation, the comparison is shown again.
pub async fn choose(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<PluginForm>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let confirm = form.confirm.is_some().then_some(true);
    let request = UsePlugin { digest: Some(form.version.clone()), confirm, ..UsePlugin::default() };
    match page.send::<UsedPlugin>(Method::POST, &place.api("/plugin"), &request).await {
        Ok(_) => Ok(respond::go_to(&page, &show::address(&place))),
        Err(failure) if failure.status == StatusCode::CONFLICT => {
            compare_plugin::shown(&page, &place, form.version, Some(&failure.into())).await
        }
        Err(failure) => Err(failure.into()),
    }
}
