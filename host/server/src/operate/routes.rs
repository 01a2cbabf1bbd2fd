//! What is served where.
//!
//! With an admin listener, the public one serves webhooks and `/healthz` and nothing else.

use axum::{
    Router,
    routing::{any, get},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{api, app::App, ingest, operate::health};

/// The public listener's routes, where there is an admin listener too.
pub fn public(app: App) -> Router {
    finish(receiving(), app)
}

/// The admin listener's routes.
pub fn admin(app: App) -> Router {
    finish(administration(), app)
}

/// Everything on one listener.
pub fn all(app: App) -> Router {
    finish(receiving().merge(administration()), app)
}

fn receiving() -> Router<App> {
    Router::new().route("/integrations/receive/{*rest}", any(ingest::receive)).route("/healthz", get(health::healthz))
}

fn administration() -> Router<App> {
    Router::new().route("/readyz", get(health::readyz)).route("/metrics", get(health::metrics)).merge(api::router())
}

fn finish(router: Router<App>, app: App) -> Router {
    // A bug in one request must not take its connection's other requests with it.
    router.layer(CatchPanicLayer::new()).with_state(app)
}
