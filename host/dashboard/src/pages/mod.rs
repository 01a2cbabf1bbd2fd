//! The pages: a folder for each, with a handler and a template for each view, and its routes.

mod environments;
mod logs;
mod not_found;
pub mod overview;
mod sources;

use axum::{Router, routing::any};

use crate::state::Dashboard;

/// The routes of every page. A page adds its own here.
pub fn routes() -> Router<Dashboard> {
    Router::new().merge(overview::routes()).merge(sources::routes()).merge(environments::routes()).merge(logs::routes())
}

/// The page of an address without a page.
pub fn not_found() -> axum::routing::MethodRouter<Dashboard> {
    any(not_found::show)
}
