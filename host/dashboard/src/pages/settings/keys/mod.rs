//! `/settings/keys`: API keys of an environment's own code, and write keys of its sources.

mod api_key;
mod list;
mod write_key;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/settings/keys", get(list::list).post(api_key::create))
        .route("/settings/keys/{environment}/{id}/delete", post(api_key::delete))
        .route("/settings/keys/{environment}/write/{source}", post(write_key::make))
        .route("/settings/keys/{environment}/write/{source}/delete", post(write_key::delete))
}
