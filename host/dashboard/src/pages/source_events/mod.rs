//! `/e/{environment}/sources/{key}/events`: the event types that a source has sent, and what each holds.

mod list;
mod show;

pub use self::list::unmapped;

use axum::{Router, routing::get};

use crate::{html::url_part, pages::source_place::SourcePlace, state::Dashboard};

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/sources/{key}/events", get(list::list))
        .route("/e/{environment}/sources/{key}/events/type", get(show::show))
}

/// The address of the page of an event type.
fn type_page(place: &SourcePlace, event: &str) -> String {
    format!("{}?event={}", place.page("events/type"), url_part(event))
}

/// The address of the form of a new mapping for an event type.
pub fn new_mapping(place: &SourcePlace, event: &str) -> String {
    format!("{}?event_type={}", place.page("mappings/new"), url_part(event))
}
