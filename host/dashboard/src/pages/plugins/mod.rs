//! `/plugins`: the platforms that sources can be created for, their versions, and the sources that use them.

mod add;
pub mod changes;
mod choose;
mod conformance;
mod list;
mod remove;
mod show;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

pub use add::may_add;
pub use choose::doubts;

use crate::state::Dashboard;

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/plugins", get(list::list))
        // The context has bounded the body.
        .route("/plugins/add", get(add::form).post(add::add).layer(DefaultBodyLimit::disable()))
        .route("/plugins/{key}", get(show::show))
        .route("/plugins/{key}/use", get(choose::preview).post(choose::choose))
        .route("/plugins/{key}/versions/{version}/conformance", post(conformance::check))
        .route("/plugins/{key}/versions/{version}/remove", post(remove::remove))
}
