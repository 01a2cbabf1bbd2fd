//! The bare handler: a baseline on the same machine that reads the same requests and does nothing with them.
//!
//! It reads the body and answers 200 with a small JSON, on the same runtime as the server.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    http::header::CONTENT_TYPE,
    response::IntoResponse,
    routing::{get, post},
    serve::ListenerExt as _,
};
use tokio::net::TcpListener;

/// The path of the bare handler, as long as that of an endpoint.
pub const PATH: &str = "/integrations/receive/00000000000000000000000000000000";

/// The path of the number of requests that were received.
pub const RECEIVED: &str = "/received";

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Serves until the process is stopped.
pub fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let count = || async { COUNT.load(Ordering::Relaxed).to_string() };
        let routes = Router::new()
            .route(PATH, post(receive))
            .route(RECEIVED, get(count))
            .route("/readyz", get(|| async { "ready\n" }));
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn receive(body: Bytes) -> impl IntoResponse {
    COUNT.fetch_add(1, Ordering::Relaxed);
    ([(CONTENT_TYPE, "application/json")], format!(r#"{{"received":{}}}"#, body.len()))
}
