//! `GET /search?q=`: leads to what an id, a key, a user or an email names, in the environment looked at last.

use askama::Template;
use axum::{Router, extract::Query, response::IntoResponse as _, response::Redirect, routing::get};
use inlet_api_types::search::{SearchResult, SearchResults};
use serde::Deserialize;

use crate::{
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    respond,
    state::Dashboard,
};

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
#[template(path = "pages/search/results.html")]
struct ResultsPage<'a> {
    layout: Layout<'a>,
    wanted: &'a str,
    environment: &'a str,
    results: Vec<SearchResult>,
    error: Option<String>,
}

impl ResultsPage<'_> {
    fn href(&self, result: &SearchResult) -> String {
        href(self.environment, self.wanted, result)
    }

    fn what(&self, result: &SearchResult) -> &'static str {
        match result.kind.as_str() {
            "event" => "Event with this id",
            "message" => "Event with this idempotency key",
            "user" => "User",
            "email" => "User with this email",
            "user_events" => "Events about this user",
            "workflow_run" => "Workflow run",
            "delivery" => "Delivery",
            "downstream" => "Delivery to which the target gave this id",
            _ => "Found",
        }
    }
}

async fn search(page: Page, Query(SearchQuery { q }): Query<SearchQuery>) -> PageResult {
    let wanted = q.trim();
    let environment = page.environment.as_ref().map(|environment| environment.slug.clone()).unwrap_or_default();
    let (results, error) = match wanted.is_empty() || environment.is_empty() {
        true => (Vec::new(), None),
        false => {
            let path = format!("/v1/search?environment={}&q={}", url_part(&environment), url_part(wanted));
            match page.get::<SearchResults>(&path).await {
                Ok(found) => (found.entries, None),
                Err(failure) if failure.body.field.is_some() => (Vec::new(), Some(failure.body.message)),
                Err(failure) => return Err(failure.into()),
            }
        }
    };
    if let [only] = results.as_slice() {
        return Ok(Redirect::to(&href(&environment, wanted, only)).into_response());
    }
    let layout = Layout::new(&page, "Search");
    Ok(respond::html(&ResultsPage { layout, wanted, environment: &environment, results, error }))
}

/// Returns the address of a result.
fn href(environment: &str, wanted: &str, result: &SearchResult) -> String {
    let environment = url_part(environment);
    match (result.kind.as_str(), result.event_id.as_deref()) {
        ("user_events", _) => format!("/e/{environment}/logs?user_id={}", url_part(wanted)),
        (_, Some(event)) => format!("/e/{environment}/logs/{}", url_part(event)),
        _ => format!("/e/{environment}/logs?user_id={}", url_part(&result.id)),
    }
}
