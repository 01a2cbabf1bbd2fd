//! The management API: for operators with a management token, and for an environment's own code with its key.
//!
//! One file for each thing that can be asked, named after what it does; concepts have files of their own. Every handler
//! reads its parameters, takes one snapshot of the configuration, and answers with a `Shown…` value or an
//! [`error::ApiError`].
//!
//! Invariants: no answer holds a signing secret, and a key only once; stored JSON is embedded as the text that it is;
//! every operation is in the document at `/openapi.json`, and who may ask for it stands in one table here; every change
//! is logged in its own transaction.

mod auth;
mod body;
mod changes;
mod completion;
mod environments;
mod error;
mod etag;
mod id;
mod management_tokens;
mod openapi;
mod page;
mod path;
mod providers;
mod query;
mod raw;
mod runs;
mod scope;
mod sources;
mod users;
mod verification;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::{HeaderValue, Method, Uri, header},
    routing::{MethodFilter, MethodRouter, any, on},
};
use error::{ApiError, Kind};
use inlet_engine::Engine;
use scope::{Access, Scope};
use tower_http::set_header::SetResponseHeaderLayer;

/// One thing that can be asked.
struct Operation {
    method: MethodFilter,
    path: &'static str,
    access: Access,
    handler: MethodRouter<Engine>,
}

impl Operation {
    /// What `access` says, the extractors of [`auth`] carry out.
    fn new<H: Handler<T, Engine>, T: 'static>(
        method: MethodFilter,
        path: &'static str,
        access: impl Into<Access>,
        handler: H,
    ) -> Self {
        let access = access.into();
        Self { method, path, access, handler: on(method, handler).route_layer(Extension(access)) }
    }
}

/// Everything that can be asked.
fn operations() -> Vec<Operation> {
    use MethodFilter as Is;
    vec![
        Operation::new(Is::GET, "/v1/sources", Scope::Read, sources::list::list_sources),
        Operation::new(Is::GET, "/v1/sources/{key}", Scope::Read, sources::get::get_source),
        Operation::new(Is::PUT, "/v1/sources/{key}", Scope::Operate, sources::upsert::put_source),
        Operation::new(
            Is::DELETE,
            "/v1/sources/{key}",
            Access::Everywhere(Scope::Admin),
            sources::delete::delete_source,
        ),
        Operation::new(Is::GET, "/v1/sources/{key}/events", Scope::Read, sources::list_event_types::list_source_events),
        Operation::new(Is::GET, "/v1/sources/{key}/logs", Scope::Read, sources::logs::list::list_source_logs),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/rehearse",
            Scope::Operate,
            sources::rehearsal::rehearse::rehearse_source,
        ),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/logs/{id}/replay",
            Scope::Operate,
            sources::logs::replay::replay_log,
        ),
        Operation::new(Is::POST, "/v1/sources/{key}/replays", Scope::Operate, sources::replays::create::create_replay),
        Operation::new(Is::GET, "/v1/sources/{key}/replays", Scope::Read, sources::replays::list::list_replays),
        Operation::new(Is::GET, "/v1/sources/{key}/replays/{id}", Scope::Read, sources::replays::get::get_replay),
        Operation::new(
            Is::DELETE,
            "/v1/sources/{key}/replays/{id}",
            Scope::Operate,
            sources::replays::cancel::cancel_replay,
        ),
        Operation::new(
            Is::GET,
            "/v1/sources/{key}/refused",
            Scope::Read,
            sources::refused_requests::list::list_refused,
        ),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/refused/verify",
            Scope::Operate,
            sources::refused_requests::verify_all::verify_all_refused,
        ),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/refused/{id}/verify",
            Scope::Operate,
            sources::refused_requests::verify::verify_refused,
        ),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/attention/dismiss",
            Scope::Operate,
            sources::dismiss_attention::dismiss_attention,
        ),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/rotate_endpoint",
            Scope::Operate,
            sources::rotate_endpoint::rotate_source_endpoint,
        ),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/plugin",
            Scope::Operate,
            sources::plugin::use_plugin::use_source_plugin,
        ),
        Operation::new(
            Is::POST,
            "/v1/sources/{key}/plugin/compare",
            Scope::Operate,
            sources::plugin::compare::compare_source_plugin,
        ),
        Operation::new(Is::GET, "/v1/sources/{key}/status", Scope::Read, sources::status::get::get_source_status),
        Operation::new(Is::GET, "/v1/source_providers", Scope::Read, providers::list::list_source_providers),
        Operation::new(Is::GET, "/v1/source_providers/{key}", Scope::Read, providers::get::get_source_provider),
        Operation::new(
            Is::PUT,
            "/v1/source_providers/{key}",
            Access::Everywhere(Scope::Plugins),
            providers::add::add_source_provider,
        ),
        Operation::new(
            Is::DELETE,
            "/v1/source_providers/{key}/versions/{version}",
            Access::Everywhere(Scope::Plugins),
            providers::remove::remove_source_provider_version,
        ),
        Operation::new(Is::GET, "/v1/environments", Scope::Read, environments::list::list_environments),
        Operation::new(
            Is::POST,
            "/v1/environments",
            Access::Everywhere(Scope::Admin),
            environments::create::create_environment,
        ),
        Operation::new(Is::PATCH, "/v1/environments/{slug}", Scope::Admin, environments::update::update_environment),
        Operation::new(
            Is::GET,
            "/v1/environments/{slug}/api_keys",
            Scope::Read,
            environments::list_api_keys::list_api_keys,
        ),
        Operation::new(
            Is::POST,
            "/v1/environments/{slug}/api_keys",
            Scope::Admin,
            environments::create_api_key::create_api_key,
        ),
        Operation::new(
            Is::DELETE,
            "/v1/environments/{slug}/api_keys/{id}",
            Scope::Admin,
            environments::delete_api_key::delete_api_key,
        ),
        Operation::new(Is::GET, "/v1/management_tokens", Scope::Read, management_tokens::list::list_management_tokens),
        Operation::new(
            Is::POST,
            "/v1/management_tokens",
            Access::Everywhere(Scope::Admin),
            management_tokens::create::create_management_token,
        ),
        Operation::new(
            Is::DELETE,
            "/v1/management_tokens/{id}",
            Access::Everywhere(Scope::Admin),
            management_tokens::delete::delete_management_token,
        ),
        Operation::new(Is::GET, "/v1/changes", Scope::Read, changes::list::list_changes),
        Operation::new(Is::GET, "/v1/users", Access::Key, users::list::list_users),
        Operation::new(Is::GET, "/v1/users/{id}", Access::Key, users::get::get_user),
        Operation::new(Is::GET, "/v1/workflow_runs", Access::Key, runs::list::list_workflow_runs),
        Operation::new(Is::GET, "/v1/workflow_runs/{id}", Access::Key, runs::get::get_workflow_run),
        Operation::new(
            Is::GET,
            "/v1/workflow_runs/{id}/recipients",
            Access::Key,
            runs::recipients::list_workflow_run_recipients,
        ),
        Operation::new(Is::GET, "/openapi.json", Access::Anyone, openapi::get_openapi),
    ]
}

/// The methods that operations have, with their names.
const METHODS: [(&str, MethodFilter); 5] = [
    ("GET", MethodFilter::GET),
    ("PUT", MethodFilter::PUT),
    ("POST", MethodFilter::POST),
    ("PATCH", MethodFilter::PATCH),
    ("DELETE", MethodFilter::DELETE),
];

/// Who may ask for what: method, path, and access.
fn table() -> Vec<(&'static str, &'static str, Access)> {
    let name = |method| METHODS.iter().find(|(_, known)| *known == method).map_or("", |(name, _)| name);
    operations().into_iter().map(|operation| (name(operation.method), operation.path, operation.access)).collect()
}

/// The routes of the API, and an answer in its shape for all else under `/v1`.
pub fn router() -> Router<Engine> {
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
