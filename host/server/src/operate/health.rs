//! `/healthz`, `/readyz` and `/metrics`.

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use crate::{app::App, telemetry};

/// The process is alive.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Webhooks can be accepted: the store can be written.
pub async fn readyz(State(app): State<App>) -> Response {
    match app.store.check().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")).into_response(),
    }
}

/// The metrics in Prometheus' text format.
pub async fn metrics(State(app): State<App>) -> impl IntoResponse {
    crate::operate::upkeep::set_gauges(&app);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::render_metrics())
}
