//! `/e/{environment}/logs`: the event logs of a source, and each event from its raw request to its deliveries.

mod curl;
mod list;
mod live;
mod preview;
mod replay;
mod request;
mod row;
mod show;
mod stages;
mod test_case;
mod under_way;
mod value;
mod values;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{html::url_part, state::Dashboard};

/// The log of the calls of the recipients API, in place of a source.
const API_LOG: &str = "$api";

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/logs", get(list::of_environment))
        .route("/e/{environment}/logs/live", get(live::live))
        .route("/e/{environment}/logs/{id}", get(show::find))
        .route("/e/{environment}/sources/{key}/logs", get(list::of_source))
        .route("/e/{environment}/logs/{source}/{id}", get(show::show))
        .route("/e/{environment}/logs/{source}/{id}/deliveries", get(under_way::wait))
        .route("/e/{environment}/logs/{source}/{id}/test-case", get(test_case::download))
        .route("/e/{environment}/logs/{source}/{id}/value", get(value::show))
        .route("/e/{environment}/logs/{source}/{id}/replay", post(replay::replay))
        .route("/e/{environment}/logs/{source}/{id}/preview", post(preview::preview))
}

/// A log entry, as the path of its page names it.
pub struct Place {
    /// The environment's identifier.
    pub environment: String,
    /// The source's key, or `$api`.
    pub source: String,
    /// The entry's id.
    pub id: String,
}

impl Place {
    /// The list of the source.
    pub fn list(&self) -> String {
        let [environment, source] = [&self.environment, &self.source].map(|part| url_part(part));
        match self.source == API_LOG {
            true => format!("/e/{environment}/logs?source={source}"),
            false => format!("/e/{environment}/sources/{source}/logs"),
        }
    }

    /// The page of an entry of the same source.
    pub fn of(&self, id: &str) -> String {
        format!("/e/{}/logs/{}/{}", url_part(&self.environment), url_part(&self.source), url_part(id))
    }

    /// The page of this entry.
    pub fn own(&self) -> String {
        self.of(&self.id)
    }

    /// The address of the API for this entry, such as `trace`.
    fn api(&self, operation: &str) -> String {
        let [source, id, environment] = [&self.source, &self.id, &self.environment].map(|part| url_part(part));
        format!("/v1/sources/{source}/logs/{id}/{operation}?environment={environment}")
    }
}
