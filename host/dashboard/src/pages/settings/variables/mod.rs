//! `/settings/variables`: texts that the mappings of an environment share.

mod delete;
mod list;
mod save;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/settings/variables", get(list::list).post(save::save))
        .route("/settings/variables/{environment}/{key}/delete", post(delete::delete))
}
