//! The routes of each listener.
//!
//! With an admin listener, the public one serves only webhooks and `/healthz`.

use std::{convert::Infallible, net::IpAddr, panic::AssertUnwindSafe, pin::Pin};

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use inlet_engine::{Engine, admission::peer::ConnectionPeer, ingest};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::health;

/// The services of a listener. Cheap to clone.
///
/// Webhooks bypass the router. They are most of the requests and all go to one handler, so matching paths and boxing a
/// future per layer would only cost time.
#[derive(Clone)]
pub struct Routes {
    webhooks: Option<Engine>,
    others: Router,
}

impl Routes {
    /// Returns the routes of the public listener beside an admin listener.
    pub fn public(engine: &Engine) -> Self {
        Self { webhooks: Some(engine.clone()), others: finish(health(), engine) }
    }

    /// Returns the routes of the admin listener.
    pub fn admin(engine: &Engine) -> Self {
        Self { webhooks: None, others: finish(administration(), engine) }
    }

    /// Returns all routes, for a single listener.
    pub fn all(engine: &Engine) -> Self {
        Self { webhooks: Some(engine.clone()), others: finish(health().merge(administration()), engine) }
    }
}

/// The service of one connection.
pub struct ConnectionRoutes {
    routes: Routes,
    peer: Option<ConnectionPeer>,
}

impl Routes {
    /// Returns the service of a connection from this address.
    pub fn of_connection(&self, address: IpAddr) -> ConnectionRoutes {
        let peer = self.webhooks.as_ref().map(|engine| engine.connection_peer(address));
        ConnectionRoutes { routes: self.clone(), peer }
    }
}

impl hyper::service::Service<hyper::Request<Incoming>> for ConnectionRoutes {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let request = request.map(Body::new);
        match (&self.routes.webhooks, self.peer) {
            (Some(engine), Some(peer)) if request.uri().path().starts_with(ingest::PREFIX) => {
                Box::pin(receive(engine.clone(), peer, request))
            }
            _ => Box::pin(self.routes.others.clone().oneshot(request)),
        }
    }
}

/// Receives a webhook. A panic becomes a response, so that it does not end the connection.
async fn receive(engine: Engine, peer: ConnectionPeer, request: Request) -> Result<Response, Infallible> {
    let received = AssertUnwindSafe(ingest::receive(&engine, peer, request)).catch_unwind().await;
    Ok(received.unwrap_or_else(|_| {
        tracing::error!("receiving a webhook ended in a panic; please report it");
        ingest::unexpected()
    }))
}

fn health() -> Router<Engine> {
    Router::new().route("/healthz", get(health::healthz))
}

fn administration() -> Router<Engine> {
    Router::new()
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .merge(inlet_api::router())
}

fn finish(router: Router<Engine>, engine: &Engine) -> Router {
    router.layer(CatchPanicLayer::new()).with_state(engine.clone())
}
