//! `POST /e/{environment}/sources/{key}/settings`

use std::collections::BTreeMap;

use axum::{
    Form,
    extract::Path,
    http::{Method, StatusCode},
};
use serde_json::json;

use super::{
    fields::{self, Texts},
    show::{self, Unsaved},
};
use crate::{
    context::Page,
    error::{PageError, PageResult},
    pages::source_place::SourcePlace,
    respond,
};

/// Saves the settings that the form changed, unless somebody else changed them since it was read: then both values are shown.
pub async fn save(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<BTreeMap<String, String>>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let (_, own) = place.read(&page).await?;
    let version = form.get("version").cloned().unwrap_or_default();
    let base: Texts = form.get("base").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut texts = fields::sent(form);
    let present = fields::texts(&own.settings);
    if version != own.version.to_string() {
        return conflict(&page, &place, &base, texts, &present).await;
    }
    let settings = fields::change(&present, &texts);
    if settings.is_empty() {
        return Ok(respond::go_to(&page, &show::address(&place)));
    }
    let change = json!({"settings": settings});
    let body = json!({"source": {"environment_settings": {&place.environment: change}}});
    let tag = format!("\"{version}\"");
    match page.call(Method::PUT, &place.api(""), &[("if-match", &tag)], Some(body.to_string().into())).await {
        Ok(_) => Ok(respond::go_to(&page, &show::address(&place))),
        Err(failure) if failure.status == StatusCode::PRECONDITION_FAILED => {
            let (_, own) = place.read(&page).await?;
            let present = fields::texts(&own.settings);
            conflict(&page, &place, &base, std::mem::take(&mut texts), &present).await
        }
        Err(failure) => {
            let unsaved = Unsaved { texts, conflicts: Vec::new(), error: failure.into() };
            show::shown(&page, &place, Some(unsaved)).await
        }
    }
}

/// Shows the form again, merged with what somebody else saved.
async fn conflict(page: &Page, place: &SourcePlace, base: &Texts, mut mine: Texts, present: &Texts) -> PageResult {
    let conflicts = fields::merge(base, &mut mine, present);
    let message = match conflicts.is_empty() {
        true => {
            "somebody changed this source in the meantime, so nothing was saved; the form below has both changes: look at it, and save again"
        }
        false => {
            "somebody changed this source in the meantime, so nothing was saved; the form has your values: look at both, and save again"
        }
    };
    let error = PageError::new(StatusCode::PRECONDITION_FAILED, message);
    show::shown(page, place, Some(Unsaved { texts: mine, conflicts, error })).await
}
