//! `/sources`: the platforms that send.

mod create;
mod list;
mod show;
pub mod summary;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/sources", get(list::list))
        .route("/sources/new", get(create::form).post(create::create))
        .route("/sources/{key}", get(show::show))
}
