//! `/system`: the state of the server: storage, load, jobs, clocks, and what it noticed about itself.

mod accept_time;
mod checks;
mod show;
mod test_events;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/system", get(show::show))
        .route("/system/events/test", post(test_events::send))
        .route("/system/clock/accept", post(accept_time::accept))
}
