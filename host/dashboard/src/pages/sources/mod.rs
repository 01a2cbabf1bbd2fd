//! `/sources`: the platforms that send.

mod list;
pub mod summary;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/sources", get(list::list))
}
