//! `/e/{environment}/issues`: failures grouped by their cause.

mod change;
mod list;
mod parts;
mod show;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{html::url_part, state::Dashboard};

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/issues", get(list::list))
        .route("/e/{environment}/issues/{id}", get(show::show))
        .route("/e/{environment}/issues/{id}/acknowledge", post(change::acknowledge))
        .route("/e/{environment}/issues/{id}/mute", post(change::mute))
        .route("/e/{environment}/issues/{id}/resolve", post(change::resolve))
        .route("/e/{environment}/issues/{id}/reopen", post(change::reopen))
}

/// The page of an issue.
fn address(environment: &str, id: &str) -> String {
    format!("/e/{}/issues/{}", url_part(environment), url_part(id))
}
