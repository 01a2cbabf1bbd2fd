//! `/`: the server at a glance.

mod range;
mod show;
pub mod traffic;
mod without_effect;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/", get(show::show))
}
