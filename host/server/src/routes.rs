//! The routes of each listener.
//!
//! With an admin listener, the public one serves only webhooks, health and a page that says so.

use std::{convert::Infallible, net::IpAddr, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::{any, get},
};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use inlet_dashboard::{Dashboard, Options, Peer};
use inlet_delivery::workflows::WorkflowLists;
use inlet_engine::{Engine, admission::peer::ConnectionPeer, ingest};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    config::Config,
    health,
    http::{
        browser,
        host_check::{self, AllowedHosts},
        json_newline, landing, unrouted,
    },
    listen::Activity,
    readiness::Readiness,
};

/// The services of a listener. Cheap to clone.
///
/// Webhooks bypass the router. They are most of the requests and all go to one handler, so matching paths and boxing a
/// future per layer would only cost time.
#[derive(Clone)]
pub struct Routes {
    engine: Engine,
    takes_webhooks: bool,
    others: Router,
}

impl Routes {
    /// Returns the routes of the public listener beside an admin listener.
    pub fn public(engine: &Engine) -> Self {
        let others = Router::new().route("/", get(landing::public)).merge(health(engine));
        Self { engine: engine.clone(), takes_webhooks: true, others: finish(others.fallback(unrouted::answer), engine) }
    }

    /// Returns the routes of the admin listener.
    pub fn admin(engine: &Engine, config: &Config, workflow_lists: &Arc<WorkflowLists>) -> Self {
        let others = health(engine).merge(administration(engine, config, workflow_lists));
        Self { engine: engine.clone(), takes_webhooks: false, others: finish(others, engine) }
    }

    /// Returns all routes, for a single listener.
    pub fn all(engine: &Engine, config: &Config, workflow_lists: &Arc<WorkflowLists>) -> Self {
        Self { takes_webhooks: true, ..Self::admin(engine, config, workflow_lists) }
    }

    /// Returns the engine behind the routes.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The service of one connection.
pub struct ConnectionRoutes {
    routes: Routes,
    address: IpAddr,
    peer: ConnectionPeer,
    activity: Activity,
}

impl Routes {
    /// Returns the service of a connection from this address, which notes when it has a request.
    pub fn of_connection(&self, address: IpAddr, activity: Activity) -> ConnectionRoutes {
        ConnectionRoutes { routes: self.clone(), address, peer: self.engine.connection_peer(address), activity }
    }
}

impl hyper::service::Service<hyper::Request<Incoming>> for ConnectionRoutes {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        let activity = self.activity.clone();
        activity.begin();
        if self.routes.takes_webhooks && request.uri().path().starts_with(ingest::PREFIX) {
            let (engine, peer) = (self.routes.engine.clone(), self.peer);
            return Box::pin(async move {
                let answered = receive(engine, peer, request).await;
                activity.end();
                answered
            });
        }
        request.extensions_mut().insert(Peer(self.address));
        let answer = self.routes.others.clone().oneshot(request);
        Box::pin(async move {
            let answered = answer.await;
            activity.end();
            answered
        })
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

fn health(engine: &Engine) -> Router<Engine> {
    let (engine, readiness) = (engine.clone(), Readiness::default());
    let readyz = move || health::readyz(engine.clone(), readiness.clone());
    Router::new().route("/healthz", get(health::healthz)).route("/readyz", get(readyz))
}

/// Returns the routes of the management API and of the dashboard, which are answered for known hosts only.
fn administration(engine: &Engine, config: &Config, workflow_lists: &Arc<WorkflowLists>) -> Router<Engine> {
    let metrics = Router::new().route("/metrics", get(health::metrics));
    let metrics = match config.open_metrics || config.management_address().is_loopback() {
        true => metrics,
        false => inlet_api::for_readers(engine, metrics),
    };
    let api = inlet_api::router(workflow_lists.clone());
    let options = Options { https_host: config.https_host(), person: config.dashboard_person() };
    let dashboard = Dashboard::new(engine, api.clone(), options);
    Router::new()
        .merge(dashboard.routes().layer(from_fn(landing::for_programs)))
        .merge(metrics)
        .merge(api)
        .fallback_service(browser::or_else(dashboard.not_found(), any(unrouted::answer)).with_state(engine.clone()))
        .layer(from_fn_with_state(AllowedHosts::of(config), host_check::check))
}

fn finish(router: Router<Engine>, engine: &Engine) -> Router {
    router.layer(map_response(json_newline::add)).layer(CatchPanicLayer::new()).with_state(engine.clone())
}
