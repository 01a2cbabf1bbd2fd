//! `/healthz`, `/readyz` and `/metrics`.

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use inlet_engine::Engine;

/// The process is alive.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Webhooks can be accepted: the store can be written.
pub async fn readyz(State(engine): State<Engine>) -> Response {
    match engine.store.check().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")).into_response(),
    }
}

/// The metrics in Prometheus' text format.
pub async fn metrics(State(engine): State<Engine>) -> impl IntoResponse {
    inlet_engine::jobs::upkeep::set_gauges(&engine);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], inlet_engine::metrics::render())
}
