//! `/settings/tokens`: tokens of the management API, which also sign in to these pages.

mod create;
mod delete;
mod list;
mod token_form;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/settings/tokens", get(list::list).post(create::create))
        .route("/settings/tokens/{id}/delete", post(delete::delete))
}
