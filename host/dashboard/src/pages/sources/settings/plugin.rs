//! `POST /e/{environment}/sources/{key}/settings/plugin`: uses another version of the plugin, or the one before.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::sources::{UsePlugin, UsedPlugin};
use serde::Deserialize;

use super::show;
use crate::{context::Page, error::PageResult, pages::source_place::SourcePlace, respond};

/// The form.
#[derive(Deserialize)]
pub struct PluginForm {
    /// The digest of a version, `latest`, or `previous`.
    version: String,
    /// Sent to accept differences in verification and options.
    #[serde(default)]
    confirm: Option<String>,
}

/// Uses a version.
pub async fn choose(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<PluginForm>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let confirm = form.confirm.is_some().then_some(true);
    let request = match form.version.as_str() {
        "previous" => UsePlugin { rollback: Some(true), confirm, ..UsePlugin::default() },
        "latest" => UsePlugin { version: Some(form.version), confirm, ..UsePlugin::default() },
        _ => UsePlugin { digest: Some(form.version), confirm, ..UsePlugin::default() },
    };
    let _: UsedPlugin = page.send(Method::POST, &place.api("/plugin"), &request).await?;
    Ok(respond::go_to(&page, &show::address(&place)))
}
