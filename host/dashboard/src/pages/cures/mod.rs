//! The changes behind the buttons of [`components::cure`](crate::components::cure). Each leads back to its page.

mod attention;
mod plugin;
mod refused;
mod secret;
mod target;
mod wrong_url;

pub use self::refused::verify_refused;

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;

use crate::{html::url_part, session::sign_in::own_path, state::Dashboard};

/// The routes of these changes.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/sources/{source}/cures/secret", post(secret::set_signing_secret))
        .route("/e/{environment}/sources/{source}/cures/write-key", post(secret::set_write_key))
        .route("/e/{environment}/sources/{source}/cures/trust-batches", post(secret::trust_batches))
        .route("/e/{environment}/sources/{source}/cures/verify", post(refused::verify))
        .route("/e/{environment}/sources/{source}/cures/dismiss", post(refused::dismiss))
        .route("/e/{environment}/sources/{source}/cures/replay", post(attention::replay))
        .route("/e/{environment}/sources/{source}/cures/acknowledge", post(attention::acknowledge))
        .route("/e/{environment}/sources/{source}/cures/previous-plugin", get(plugin::previous))
        .route("/cures/wrong-url", post(wrong_url::acknowledge))
        .route("/e/{environment}/targets/{target}/cures/resume", post(target::resume))
        .route("/e/{environment}/targets/{target}/cures/enable", post(target::enable))
}

/// The source environment of a cure's path.
#[derive(Debug, Deserialize)]
struct Place {
    environment: String,
    source: String,
}

impl Place {
    /// The API's address of an operation of the source; empty for the source itself.
    fn api(&self, operation: &str) -> String {
        format!("/v1/sources/{}{operation}?environment={}", url_part(&self.source), url_part(&self.environment))
    }
}

/// The form of a cure: the cause, and the page to go back to.
#[derive(Debug, Default, Deserialize)]
struct CureForm {
    #[serde(default)]
    back: String,
    kind: Option<String>,
    code: Option<String>,
}

impl CureForm {
    /// The page to go back to.
    fn back(&self) -> &str {
        own_path(&self.back)
    }
}
