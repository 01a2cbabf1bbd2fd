//! The management API: for operators with the management token, and for an environment's own code with its key.
//!
//! One file for each thing that can be asked, named after what it does; concepts have files of their own. Every handler
//! reads its parameters, takes one snapshot of the configuration, and answers with a `Shown…` value or an
//! [`error::ApiError`].
//!
//! Invariants: no answer holds a signing secret, and a key only once; stored JSON is embedded as the text that it is;
//! every operation is in the document at `/openapi.json`.

mod auth;
mod body;
mod change;
mod environments;
mod error;
mod etag;
mod id;
mod openapi;
mod page;
mod path;
mod providers;
mod query;
mod raw;
mod runs;
mod sources;
mod users;
mod verification;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::{HeaderValue, Method, Uri, header},
    routing::{MethodFilter, MethodRouter, any, on},
};
use error::{ApiError, Kind};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;

/// One thing that can be asked.
struct Operation {
    #[cfg_attr(not(test), expect(dead_code, reason = "held against the OpenAPI document by a test"))]
    method: MethodFilter,
    path: &'static str,
    handler: MethodRouter<App>,
}

impl Operation {
    fn new<H: Handler<T, App>, T: 'static>(method: MethodFilter, path: &'static str, handler: H) -> Self {
        Self { method, path, handler: on(method, handler) }
    }
}

/// Everything that can be asked.
fn operations() -> Vec<Operation> {
    use MethodFilter as Is;
    use sources::repair;
    vec![
        Operation::new(Is::GET, "/v1/sources", sources::list::list_sources),
        Operation::new(Is::GET, "/v1/sources/{key}", sources::get::get_source),
        Operation::new(Is::PUT, "/v1/sources/{key}", sources::put::put_source),
        Operation::new(Is::GET, "/v1/sources/{key}/events", sources::events::list_source_events),
        Operation::new(Is::GET, "/v1/sources/{key}/logs", sources::logs::list_source_logs),
        Operation::new(Is::POST, "/v1/sources/{key}/rehearse", sources::rehearse::rehearse_source),
        Operation::new(Is::POST, "/v1/sources/{key}/logs/{id}/replay", repair::replay_log::replay_log),
        Operation::new(Is::POST, "/v1/sources/{key}/replays", repair::create_replay::create_replay),
        Operation::new(Is::GET, "/v1/sources/{key}/replays", repair::list_replays::list_replays),
        Operation::new(Is::GET, "/v1/sources/{key}/replays/{id}", repair::get_replay::get_replay),
        Operation::new(Is::DELETE, "/v1/sources/{key}/replays/{id}", repair::cancel_replay::cancel_replay),
        Operation::new(Is::GET, "/v1/sources/{key}/refused", repair::list_refused::list_refused),
        Operation::new(Is::POST, "/v1/sources/{key}/refused/verify", repair::verify_all_refused::verify_all_refused),
        Operation::new(Is::POST, "/v1/sources/{key}/refused/{id}/verify", repair::verify_refused::verify_refused),
        Operation::new(Is::POST, "/v1/sources/{key}/attention/dismiss", repair::dismiss::dismiss_attention),
        Operation::new(Is::POST, "/v1/sources/{key}/rotate_endpoint", sources::rotate_endpoint::rotate_source_endpoint),
        Operation::new(Is::GET, "/v1/sources/{key}/status", sources::status::get_source_status),
        Operation::new(Is::GET, "/v1/source_providers", providers::list::list_source_providers),
        Operation::new(Is::GET, "/v1/source_providers/{key}", providers::get::get_source_provider),
        Operation::new(Is::GET, "/v1/environments", environments::list::list_environments),
        Operation::new(Is::POST, "/v1/environments/{slug}/api_keys", environments::create_api_key::create_api_key),
        Operation::new(Is::GET, "/v1/users", users::list::list_users),
        Operation::new(Is::GET, "/v1/users/{id}", users::get::get_user),
        Operation::new(Is::GET, "/v1/workflow_runs", runs::list::list_workflow_runs),
        Operation::new(Is::GET, "/v1/workflow_runs/{id}", runs::get::get_workflow_run),
        Operation::new(Is::GET, "/v1/workflow_runs/{id}/recipients", runs::recipients::list_workflow_run_recipients),
        Operation::new(Is::GET, "/openapi.json", openapi::get_openapi),
    ]
}

/// The routes of the API, and an answer in its shape for all else under `/v1`.
pub fn router() -> Router<App> {
    let answer_header = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    operations()
        .into_iter()
        .fold(Router::new(), |router, operation| router.route(operation.path, operation.handler))
        .method_not_allowed_fallback(method_not_allowed)
        .route("/v1", any(no_such_route))
        .route("/v1/", any(no_such_route))
        .route("/v1/{*rest}", any(no_such_route))
        .layer(DefaultBodyLimit::max(body::MAX_BODY_BYTES))
        .layer(answer_header(header::CACHE_CONTROL, "no-store"))
        .layer(answer_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::not_found(format!("there is nothing at {}; see /openapi.json for what there is", uri.path()))
}

/// axum adds `Allow`.
async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    let message = format!("{method} is not possible at {}; the Allow header says what is", uri.path());
    ApiError::new(Kind::MethodNotAllowed, message)
}

#[cfg(test)]
mod tests;
