//! `GET /search?q=`: leads to the events that an id, a key or a user names, in the environment looked at last.

use askama::Template;
use axum::{Router, extract::Query, response::IntoResponse as _, response::Redirect, routing::get};
use inlet_api::in_process::ApiFailure;
use inlet_api_types::{
    logs::SourceLogList,
    sources::{Source, SourceList},
};
use serde::Deserialize;

use crate::{context::Page, error::PageResult, html::url_part, layout::Layout, respond, state::Dashboard};

/// The parameters of the log that are asked for, and what each is in words.
const ASKED: [&str; 3] = ["id", "idempotency_key", "user_id"];

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/search", get(search))
}

/// The query.
#[derive(Debug, Default, Deserialize)]
struct SearchQuery {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "pages/search/none.html")]
struct NothingFound<'a> {
    layout: Layout<'a>,
    wanted: &'a str,
    environment: &'a str,
    sources: usize,
}

async fn search(page: Page, Query(SearchQuery { q }): Query<SearchQuery>) -> PageResult {
    let wanted = q.trim();
    let slug = page.environment.as_ref().map(|environment| environment.slug.clone()).unwrap_or_default();
    let SourceList { entries: sources, .. } = page.get("/v1/sources").await?;
    if !wanted.is_empty() && !slug.is_empty() {
        for source in &sources {
            if let Some(address) = find_in(&page, source, &slug, wanted).await? {
                return Ok(Redirect::to(&address).into_response());
            }
        }
    }
    let layout = Layout::new(&page, "Search");
    Ok(respond::html(&NothingFound { layout, wanted, environment: &slug, sources: sources.len() }))
}

/// Returns the address of what a source's log has under this name.
async fn find_in(page: &Page, source: &Source, slug: &str, wanted: &str) -> Result<Option<String>, ApiFailure> {
    let (key, environment, name) = (url_part(&source.key), url_part(slug), url_part(wanted));
    let is_id = wanted.len() == 36 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    for parameter in ASKED.into_iter().filter(|parameter| *parameter != "id" || is_id) {
        let path = format!("/v1/sources/{key}/logs?environment={environment}&{parameter}={name}&limit=1");
        let found: SourceLogList = match page.get(&path).await {
            Ok(found) => found,
            // The source has no place in this environment, or the text cannot be such a name.
            Err(failure) if failure.status.is_client_error() => continue,
            Err(failure) => return Err(failure),
        };
        if let Some(entry) = found.entries.first() {
            return Ok(Some(match parameter {
                "id" => format!("/e/{environment}/logs/{key}/{}", entry.id),
                _ => format!("/e/{environment}/logs?source={key}&{parameter}={name}"),
            }));
        }
    }
    Ok(None)
}
