//! `/healthz`, `/readyz` and `/metrics`.

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use inlet_engine::Engine;

use crate::readiness::Readiness;

/// Responds 200 as long as the process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Responds 200 if webhooks can be accepted: if the store can be written.
pub async fn readyz(engine: Engine, readiness: Readiness) -> Response {
    match readiness.problem(&engine).await {
        None => "ready\n".into_response(),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {problem}\n")).into_response(),
    }
}

/// Responds with the metrics in Prometheus' text format.
pub async fn metrics(State(engine): State<Engine>) -> impl IntoResponse {
    inlet_engine::jobs::set_gauges(&engine);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], inlet_engine::metrics::render())
}
