//! `/e/{environment}/actions`: the actions of all events of an environment.

mod list;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/e/{environment}/actions", get(list::list))
}
