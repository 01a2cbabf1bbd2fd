//! `/e/{environment}/sources/{key}/mappings`: what is done about the events of a source.

mod condition;
mod conflict;
mod delete;
mod edit;
mod fields;
mod form;
mod list;
mod parameters;
mod preview;
mod sample;
mod save;
mod saved;
mod switch;
mod value;
mod workflows;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::Dashboard;

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    let path = |rest: &str| format!("/e/{{environment}}/sources/{{key}}/mappings{rest}");
    Router::new()
        .route(&path(""), get(list::list))
        .route(&path("/new"), get(edit::new))
        .route(&path("/form"), post(edit::redraw))
        .route(&path("/sample"), post(edit::sample))
        .route(&path("/preview"), post(preview::preview))
        .route(&path("/save"), post(save::save))
        .route(&path("/workflows"), get(workflows::workflows))
        .route(&path("/{id}"), get(edit::edit))
        .route(&path("/{id}/switch"), get(switch::ask).post(switch::switch))
        .route(&path("/{id}/effect"), get(switch::effect_of))
        .route(&path("/{id}/delete"), post(delete::delete))
}
