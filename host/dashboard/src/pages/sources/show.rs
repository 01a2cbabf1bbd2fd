//! `GET /sources/{key}`: a source in each of its environments.

use askama::Template;
use axum::extract::Path;
use inlet_api_types::sources::{Source, SourceEnvironmentSettings, SourceList, SourceStatus};

use crate::{
    components::{Html, copy, outcome, time},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::{self, Layout},
    respond,
};

/// A source in one environment.
struct Row<'a> {
    slug: &'a str,
    is_production: bool,
    settings: SourceEnvironmentSettings,
    status: SourceStatus,
}

impl Row<'_> {
    fn endpoint(&self) -> Option<Html> {
        let url = self.settings.settings.endpoint.as_deref()?;
        Some(copy::value(url, "Copy the endpoint's URL"))
    }

    fn health(&self) -> outcome::Badge {
        outcome::health(self.status.needs_attention.count, self.status.last_event_received.is_some())
    }
}

#[derive(Template)]
#[template(path = "pages/sources/show.html")]
struct ShowPage<'a> {
    layout: Layout<'a>,
    source: &'a Source,
    rows: Vec<Row<'a>>,
}

/// Shows a source.
pub async fn show(page: Page, Path(key): Path<String>) -> PageResult {
    let path = format!("/v1/sources/{}", url_part(&key));
    let sources: SourceList = page.get("/v1/sources?include=environment_settings").await?;
    let unknown = || PageError::not_found(format!("there is no source {key:?}"));
    let source = sources.entries.into_iter().find(|source| source.key == key).ok_or_else(unknown)?;
    let mut rows = Vec::new();
    for environment in &page.environments {
        let settings = source.environment_settings.as_ref().and_then(|settings| settings.get(&environment.slug));
        let Some(settings) = settings.cloned() else { continue };
        let status = page.get(&format!("{path}/status?environment={}", url_part(&environment.slug))).await?;
        let is_production = layout::is_production(environment);
        rows.push(Row { slug: &environment.slug, is_production, settings, status });
    }
    let layout = Layout::new(&page, source.name.clone()).under("Sources", "/sources");
    Ok(respond::html(&ShowPage { layout, source: &source, rows }))
}
