//! `/settings/environments`: isolated sets of users, mappings, logs and keys.

mod create;
mod delete;
mod list;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/settings/environments", get(list::list).post(create::create))
        .route("/settings/environments/{slug}/delete", post(delete::delete))
}
