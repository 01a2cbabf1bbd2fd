//! `/settings`: credentials, variables, and what environments keep and show.

mod environment_choice;
mod keys;
mod privacy;
mod retention;
mod tokens;
mod variables;

use axum::Router;

use crate::state::Dashboard;

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    let pages = [tokens::routes(), keys::routes(), variables::routes(), retention::routes(), privacy::routes()];
    pages.into_iter().fold(Router::new(), Router::merge)
}
