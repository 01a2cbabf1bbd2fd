//! `GET /search?q=`: leads to what an id, a key, a user or an email names, in the environment that the query names, or the
//! one looked at last.

use std::collections::HashSet;

use askama::Template;
use axum::{Router, extract::Query, response::IntoResponse as _, response::Redirect, routing::get};
use inlet_api_types::search::{SearchResult, SearchResults};
use serde::Deserialize;

use crate::{
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    pages::{deliveries::delivery_address, event_address, runs::run_address, users::user_address},
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
    let results = without_duplicates(results, |result| href(&environment, wanted, result));
    if let [only] = results.as_slice() {
        return Ok(Redirect::to(&href(&environment, wanted, only)).into_response());
    }
    let layout = Layout::new(&page, "Search");
    Ok(respond::html(&ResultsPage { layout, wanted, environment: &environment, results, error }))
}

/// Leaves out the results that lead to the same page as one before them.
fn without_duplicates(results: Vec<SearchResult>, href: impl Fn(&SearchResult) -> String) -> Vec<SearchResult> {
    let mut seen = HashSet::new();
    results.into_iter().filter(|result| seen.insert(href(result))).collect()
}

/// Returns the address of a result.
fn href(environment: &str, wanted: &str, result: &SearchResult) -> String {
    match (result.kind.as_str(), result.event_id.as_deref()) {
        ("user" | "email", _) => user_address(environment, &result.id),
        ("user_events", _) => format!("/e/{}/logs?user_id={}", url_part(environment), url_part(wanted)),
        ("workflow_run", _) => run_address(environment, &result.id),
        ("delivery" | "downstream", _) => delivery_address(environment, &result.id),
        (_, Some(event)) => event_address(environment, event),
        (_, None) => format!("/e/{}/logs?search={}", url_part(environment), url_part(wanted)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_is_found_once() {
        let results = vec![
            SearchResult::caused("event", "e".to_owned(), "e".to_owned()),
            SearchResult::caused("workflow_run", "r".to_owned(), "e".to_owned()),
            SearchResult::caused("message", "e".to_owned(), "e".to_owned()),
            SearchResult::caused("delivery", "d".to_owned(), "e".to_owned()),
            SearchResult::caused("downstream", "d".to_owned(), "e".to_owned()),
            SearchResult::new("email", "u/1".to_owned()),
        ];
        let href = |result: &SearchResult| href("eu", "x", result);
        let found: Vec<String> = without_duplicates(results, href).iter().map(href).collect();
        assert_eq!(found, ["/e/eu/logs/e", "/e/eu/runs/r", "/e/eu/deliveries/d", "/e/eu/users/u%2F1"]);
    }
}
