//! `POST /e/{environment}/sources/{key}/settings/name`

use std::collections::BTreeMap;

use axum::{Form, extract::Path, http::Method};
use serde_json::{Value, json};

use super::{
    fields,
    show::{self, Unsaved},
};
use crate::{context::Page, error::PageResult, pages::source_place::SourcePlace, respond};

/// Saves the name and the description of a source, which all its environments share.
pub async fn rename(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<BTreeMap<String, String>>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let text = |name: &str| form.get(name).map(|text| text.trim()).unwrap_or_default();
    let description = Some(text("description")).filter(|text| !text.is_empty()).map_or(Value::Null, Value::from);
    let body = json!({"source": {"name": text("name"), "description": description}});
    match page.call(Method::PUT, &place.api(""), &[], Some(body.to_string().into())).await {
        Ok(_) => Ok(respond::go_to(&page, &show::address(&place))),
        Err(failure) => {
            let (_, own) = place.read(&page).await?;
            let mut texts = fields::texts(&own.settings);
            texts.extend(form);
            let unsaved = Unsaved { texts, conflicts: Vec::new(), error: failure.into() };
            show::shown(&page, &place, Some(unsaved)).await
        }
    }
}
