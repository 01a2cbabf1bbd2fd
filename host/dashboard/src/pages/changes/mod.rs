//! `/changes`: the audit log: who changed what.

mod list;
mod resource;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/changes", get(list::list))
}
