//! `GET /e/{environment}/sources/{key}/plugin/compare`: what another version of the plugin makes of the newest requests.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api::Scope;
use inlet_api_types::sources::{ComparePlugins, ComparedPlugins};
use serde::Deserialize;

use crate::{
    components::icon,
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::{
        plugins::{changes::COMPARED, doubts},
        source_place::SourcePlace,
    },
    respond,
};

/// The query.
#[derive(Deserialize)]
pub struct Compared {
    /// A version, a digest, or `latest`.
    new: String,
}

#[derive(Template)]
#[template(path = "pages/sources/compare_plugin.html")]
struct ComparePluginPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    found: ComparedPlugins,
    error: Option<&'a PageError>,
}

impl ComparePluginPage<'_> {
    fn may_use(&self) -> bool {
        self.layout.page.can(Scope::Operate) && self.found.old.digest != self.found.new.digest
    }

    /// True if the API takes the version only with a confirmation.
    fn wants_confirmation(&self) -> bool {
        self.error.is_some_and(|error| doubts(error).is_some())
    }

    fn message<'e>(&self, error: &'e PageError) -> &'e str {
        doubts(error).unwrap_or(&error.message)
    }

    fn event(&self, id: &str) -> String {
        let [environment, key] = [&self.place.environment, &self.place.key].map(|part| url_part(part));
        format!("/e/{environment}/logs/{key}/{}", url_part(id))
    }
}

/// Compares the version in force with another one.
pub async fn show(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Query(compared): Query<Compared>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    shown(&page, &place, compared.new, None).await
}

/// Shows the comparison, with the error of the choice.
pub async fn shown(
    page: &Page,
    place: &SourcePlace,
    new: String,
    error: Option<&PageError>,
) -> Result<Response, PageError> {
    let (source, _) = place.read(page).await?;
    let request = ComparePlugins { old: None, new, last: Some(COMPARED) };
    let found: ComparedPlugins = page.send(Method::POST, &place.api("/plugin/compare"), &request).await?;
    let mut layout = place.layout(page, &source);
    layout.title = "Compare plugin versions".to_owned();
    let mut response = respond::html(&ComparePluginPage { layout, place, found, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    Ok(response)
}
