//! `/e/{environment}/sources/{key}/try`: an example or a payload of one's own, rehearsed or sent for real.

mod form;
mod run;
mod show;

use axum::{Router, routing::get};

use crate::state::Dashboard;

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new().route("/e/{environment}/sources/{key}/try", get(show::show).post(run::run))
}
