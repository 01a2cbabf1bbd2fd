//! `/settings/retention`: how long an environment keeps logs and bodies.

mod save;
mod show;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/settings/retention", get(show::show).post(save::save))
}
