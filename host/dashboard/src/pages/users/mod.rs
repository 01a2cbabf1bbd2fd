//! `/e/{environment}/users`: users as they were identified.

mod export;
mod forget;
mod list;
mod person;
mod show;

use axum::{Router, routing::get};

use crate::{html::url_part, state::Dashboard};

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/users", get(list::list))
        .route("/e/{environment}/users/{id}", get(show::show))
        .route("/e/{environment}/users/{id}/export", get(export::export))
        .route("/e/{environment}/users/{id}/forget", get(forget::state).post(forget::forget))
}

/// The page of a user.
pub fn user_address(environment: &str, id: &str) -> String {
    format!("/e/{}/users/{}", url_part(environment), url_part(id))
}

pub use person::Person;
