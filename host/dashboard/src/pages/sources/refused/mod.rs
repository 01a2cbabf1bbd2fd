//! `/e/{environment}/sources/{key}/refused`: the requests that verification refused, and what becomes of them.

mod list;
mod repair;
mod show;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{html::url_part, pages::source_place::SourcePlace, state::Dashboard};

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/sources/{key}/refused", get(list::list))
        .route("/e/{environment}/sources/{key}/refused/{id}", get(show::show))
        .route("/e/{environment}/sources/{key}/refused/{id}/verify", post(repair::verify))
        .route("/e/{environment}/sources/{key}/refused/{id}/dismiss", post(repair::dismiss))
}

/// Returns the address of a refused request's page.
fn address(place: &SourcePlace, id: &str) -> String {
    format!("{}/{}", place.page("refused"), url_part(id))
}
