//! `/e/{environment}/workflows`: every workflow with what triggers it, where it goes, and its runs.

mod list;
mod show;

use axum::{Router, routing::get};

use crate::{html::url_part, state::Dashboard};

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/workflows", get(list::list))
        .route("/e/{environment}/workflows/{key}", get(show::show))
}

/// The page of a workflow.
fn address(environment: &str, key: &str) -> String {
    format!("/e/{}/workflows/{}", url_part(environment), url_part(key))
}

/// The events of a type, with whatever they became, of a source.
fn events(environment: &str, source: &str, event_type: &str) -> String {
    let [environment, source, event_type] = [environment, source, event_type].map(url_part);
    format!("/e/{environment}/logs?source={source}&event={event_type}")
}
