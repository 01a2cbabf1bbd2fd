//! `/e/{environment}/sources/{key}/settings`: the configuration of a source in one environment.

mod compare_plugin;
mod endpoint;
mod fields;
mod plugin;
mod rename;
mod save;
mod secret;
mod show;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::Dashboard;

/// The name of the page.
const PAGE: &str = "settings";

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/sources/{key}/settings", get(show::show).post(save::save))
        .route("/e/{environment}/sources/{key}/settings/name", post(rename::rename))
        .route("/e/{environment}/sources/{key}/settings/secret", post(secret::change))
        .route("/e/{environment}/sources/{key}/settings/endpoint", post(endpoint::rotate))
        .route("/e/{environment}/sources/{key}/settings/plugin", post(plugin::choose))
        .route("/e/{environment}/sources/{key}/plugin/compare", get(compare_plugin::show))
}
