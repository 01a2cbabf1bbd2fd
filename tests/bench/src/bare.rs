//! The bare handler: what the same machine does with the same requests when nothing is done with them.
//!
//! It reads the body and answers 200 with a little JSON, on the runtime that the server uses.

use std::net::SocketAddr;

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

/// Where the bare handler takes its requests: a path as long as an endpoint's.
pub const PATH: &str = "/integrations/receive/00000000000000000000000000000000";

/// Serves until the process is stopped.
pub fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let routes = Router::new().route(PATH, post(receive)).route("/readyz", get(|| async { "ready\n" }));
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn receive(body: Bytes) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], format!(r#"{{"received":{}}}"#, body.len()))
}
