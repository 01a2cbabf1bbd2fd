//! `POST /sources/{key}/toggle`: turns a setting of a source on or off in one environment.

use axum::{Form, extract::Path, http::Method};
use serde::Deserialize;
use serde_json::json;

use super::{setting_names::SWITCHES, show};
use crate::pages::source_place::SourcePlace;
use crate::{
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    respond,
};

/// The form.
#[derive(Deserialize)]
pub struct ToggleForm {
    environment: String,
    setting: String,
    is_on: bool,
    version: i64,
}

/// Turns a setting on or off, unless the settings were changed since the page was read.
pub async fn toggle(page: Page, Path(key): Path<String>, Form(form): Form<ToggleForm>) -> PageResult {
    if SWITCHES.iter().all(|(name, _)| *name != form.setting) {
        return Err(PageError::not_found(format!("there is no switch {:?}", form.setting)));
    }
    let place = SourcePlace::new(&form.environment, &key);
    let settings = json!({"settings": {&form.setting: form.is_on}});
    let body = json!({"source": {"environment_settings": {&form.environment: settings}}});
    let tag = format!("\"{}\"", form.version);
    match page.call(Method::PUT, &place.api(""), &[("if-match", &tag)], Some(body.to_string().into())).await {
        Ok(_) => Ok(respond::go_to(&page, &format!("/sources/{}", url_part(&key)))),
        Err(failure) => show::shown(&page, &key, Some((&form.environment, &failure.into()))).await,
    }
}
