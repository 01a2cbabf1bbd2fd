//! `/settings/privacy`: what people see of the values that an environment receives, and what it never stores.

mod save;
mod show;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/settings/privacy", get(show::show).post(save::save))
}
