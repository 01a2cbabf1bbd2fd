//! `GET /e/{environment}/sources/{key}/plugin/compare`: what another version of the plugin makes of the newest requests.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::Method,
};
use inlet_api::Scope;
use inlet_api_types::sources::{ComparePlugins, ComparedPlugins};
use serde::Deserialize;

use crate::{
    components::icon, context::Page, error::PageResult, html::url_part, layout::Layout,
    pages::source_place::SourcePlace, respond,
};

/// The newest requests that a page compares.
const LAST: u64 = 200;

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
}

impl ComparePluginPage<'_> {
    fn may_use(&self) -> bool {
        self.layout.page.can(Scope::Operate) && self.found.old.digest != self.found.new.digest
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
    let (source, _) = place.read(&page).await?;
    let request = ComparePlugins { old: None, new: compared.new, last: Some(LAST) };
    let found: ComparedPlugins = page.send(Method::POST, &place.api("/plugin/compare"), &request).await?;
    let layout = place.layout(&page, &source);
    Ok(respond::html(&ComparePluginPage { layout, place: &place, found }))
}
