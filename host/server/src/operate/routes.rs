//! What is served where.
//!
//! With an admin listener, the public one serves webhooks and `/healthz` and nothing else.

use std::{convert::Infallible, panic::AssertUnwindSafe, pin::Pin};

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{api, app::App, ingest, operate::health};

/// What a listener serves: webhooks, and what the router knows. Cheap to clone.
///
/// Webhooks do not pass through the router: there are many of them, all for one handler, and matching the path and boxing
/// the request's future at every layer gives them nothing.
#[derive(Clone)]
pub struct Routes {
    webhooks: Option<App>,
    others: Router,
}

impl Routes {
    /// The public listener's, where there is an admin listener too.
    pub fn public(app: &App) -> Self {
        Self { webhooks: Some(app.clone()), others: finish(health(), app) }
    }

    /// The admin listener's.
    pub fn admin(app: &App) -> Self {
        Self { webhooks: None, others: finish(administration(), app) }
    }

    /// Everything on one listener.
    pub fn all(app: &App) -> Self {
        Self { webhooks: Some(app.clone()), others: finish(health().merge(administration()), app) }
    }
}

impl hyper::service::Service<hyper::Request<Incoming>> for Routes {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let request = request.map(Body::new);
        match &self.webhooks {
            Some(app) if request.uri().path().starts_with(ingest::PREFIX) => Box::pin(receive(app.clone(), request)),
            _ => Box::pin(self.others.clone().oneshot(request)),
        }
    }
}

/// A bug in one request must not take its connection's other requests with it.
async fn receive(app: App, request: Request) -> Result<Response, Infallible> {
    let received = AssertUnwindSafe(ingest::receive(&app, request)).catch_unwind().await;
    Ok(received.unwrap_or_else(|_| {
        tracing::error!("receiving a webhook ended in a panic; please report it");
        ingest::unexpected()
    }))
}

fn health() -> Router<App> {
    Router::new().route("/healthz", get(health::healthz))
}

fn administration() -> Router<App> {
    Router::new().route("/readyz", get(health::readyz)).route("/metrics", get(health::metrics)).merge(api::router())
}

fn finish(router: Router<App>, app: &App) -> Router {
    router.layer(CatchPanicLayer::new()).with_state(app.clone())
}
