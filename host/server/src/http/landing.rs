//! `GET /`: says what this server is, and where to go.

use axum::{
    extract::Request,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::browser::wants_page;

/// The page of a listener that receives webhooks and serves nothing else.
const PUBLIC: &str = "This is Inlet, which receives webhooks.\n\n\
    Webhooks   POST /integrations/receive/{token}, the endpoint of a source\n\
    Health     GET /healthz, GET /readyz\n\n\
    Everything else is on the address of --admin-listen.\n";

/// The page of a listener with the management API.
const ADMIN: &str = "This is Inlet, which receives webhooks and turns them into actions.\n\n\
    Dashboard  open this address in a browser\n\
    Webhooks   POST /integrations/receive/{token} at the address of --listen\n\
    Sources    GET /v1/sources, with the management token as a bearer token\n\
    All routes GET /openapi.json\n\
    Health     GET /healthz, GET /readyz\n\
    Metrics    GET /metrics\n\n\
    The management token is in the file management-token of the data directory, unless INLET_MANAGEMENT_TOKEN is set.\n";

/// Responds with the page of the public listener.
pub async fn public() -> impl IntoResponse {
    page(PUBLIC)
}

/// Responds to a program at `/` with text. A browser gets the dashboard.
pub async fn for_programs(request: Request, next: Next) -> Response {
    match request.uri().path() == "/" && !wants_page(request.headers()) {
        true => page(ADMIN).into_response(),
        false => next.run(request).await,
    }
}

fn page(text: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ];
    (headers, text)
}
