//! `/e/{environment}/sources/{key}/set-up`: the steps until the first event, with a panel that waits for it.

mod panel;
mod show;
mod stream;

pub use self::show::{UnsavedSecret, shown};

use axum::{Router, routing::get};

use crate::{pages::source_place::SourcePlace, state::Dashboard};

/// The name of the page.
const PAGE: &str = "set-up";

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/sources/{key}/set-up", get(show::show))
        .route("/e/{environment}/sources/{key}/set-up/stream", get(stream::follow))
}

/// The address of the page, to come back to.
pub fn address(place: &SourcePlace) -> String {
    place.page(PAGE)
}
