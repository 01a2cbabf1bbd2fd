//! `GET /openapi.json`: everything that this server answers to, described.
//!
//! What is served beside the API (webhooks, health and metrics) is described here and implemented elsewhere.

use std::sync::LazyLock;

use axum::Json;
use utoipa::{
    Modify, OpenApi as _, ToSchema,
    openapi::{
        Content, OpenApi, Ref, ResponseBuilder,
        path::{Operation, PathItem},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    changes::list as changes,
    environments::{
        create as create_environment, create_api_key, delete_api_key, list as environments, list_api_keys,
        update as update_environment,
    },
    error::ErrorBody,
    management_tokens::{create as create_token, delete as delete_token, list as tokens},
    providers::{add as add_provider, get as provider, list as providers, remove as remove_provider},
    runs::{get as run, list as runs, recipients},
    sources,
    users::{get as user, list as users},
};

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(Document::openapi);

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    tag = "server",
    responses((status = 200, description = "This document", body = Object)),
)]
pub async fn get_openapi() -> Json<&'static OpenApi> {
    Json(&DOCUMENT)
}

/// The document.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Inlet",
        description = "Webhooks in, actions out. Lists are newest first; cursors are opaque; times are RFC 3339 in UTC. \
                       Query parameters that are not known are ignored, members of a body that are not known are not.",
    ),
    tags(
        (name = "webhooks", description = "Where platforms send to"),
        (name = "sources", description = "Platforms that send events, and how each environment treats them"),
        (name = "repair", description = "What failed, was rejected or was refused, and how it is carried out again"),
        (name = "providers", description = "The plugins that this server has"),
        (name = "environments", description = "Isolated worlds of users, mappings, logs and keys"),
        (name = "administration", description = "Who may use this API, and what was changed through it"),
        (name = "users", description = "Users as they were identified"),
        (name = "workflow runs", description = "What triggers asked for"),
        (name = "server", description = "The server itself"),
    ),
    paths(
        receive,
        sources::list::list_sources,
        sources::get::get_source,
        sources::upsert::put_source,
        sources::delete::delete_source,
        sources::list_event_types::list_source_events,
        sources::logs::list::list_source_logs,
        sources::rehearsal::rehearse::rehearse_source,
        sources::rotate_endpoint::rotate_source_endpoint,
        sources::plugin::use_plugin::use_source_plugin,
        sources::plugin::compare::compare_source_plugin,
        sources::status::get::get_source_status,
        sources::logs::replay::replay_log,
        sources::replays::create::create_replay,
        sources::replays::list::list_replays,
        sources::replays::get::get_replay,
        sources::replays::cancel::cancel_replay,
        sources::refused_requests::list::list_refused,
        sources::refused_requests::verify_all::verify_all_refused,
        sources::refused_requests::verify::verify_refused,
        sources::dismiss_attention::dismiss_attention,
        providers::list_source_providers,
        provider::get_source_provider,
        add_provider::add_source_provider,
        remove_provider::remove_source_provider_version,
        environments::list_environments,
        create_environment::create_environment,
        update_environment::update_environment,
        list_api_keys::list_api_keys,
        create_api_key::create_api_key,
        delete_api_key::delete_api_key,
        tokens::list_management_tokens,
        create_token::create_management_token,
        delete_token::delete_management_token,
        changes::list_changes,
        users::list_users,
        user::get_user,
        runs::list_workflow_runs,
        run::get_workflow_run,
        recipients::list_workflow_run_recipients,
        get_openapi,
        healthz,
        readyz,
        metrics,
    ),
    components(schemas(ErrorBody)),
    modifiers(&Credentials, &Scopes, &Errors),
)]
struct Document;

const MANAGEMENT_TOKEN: &str = "A management token of this server, `im_…`, with the scope that is named: `read`; \
                                `operate` and `plugins`, which include it; or `admin`, which includes all";

/// The two kinds of bearer tokens.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = |description: &str| {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(description.to_owned());
            SecurityScheme::Http(scheme)
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("management_token", bearer(MANAGEMENT_TOKEN));
        components.add_security_scheme("api_key", bearer("A key of one environment, `sk_…`"));
    }
}

/// Which scope each operation wants, from the table of the router.
struct Scopes;

impl Modify for Scopes {
    fn modify(&self, document: &mut OpenApi) {
        for (method, path, access) in super::table() {
            let Some(item) = document.paths.paths.get_mut(path) else { continue };
            let (Some(scope), Some(operation)) = (access.scope(), of_method(item, method)) else { continue };
            operation.security = Some(vec![SecurityRequirement::new("management_token", [scope.as_str()])]);
        }
    }
}

fn of_method<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "PUT" => item.put.as_mut(),
        "POST" => item.post.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// What every operation under `/v1` may answer instead.
struct Errors;

impl Modify for Errors {
    fn modify(&self, document: &mut OpenApi) {
        let error = ResponseBuilder::new()
            .description("Not done: 401, 403, 404, 405, 409, 412, 413, 415, 422 or 503")
            .content("application/json", Content::new(Some(Ref::from_schema_name("Error"))))
            .build();
        let items = document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/v1/"));
        for operation in items.flat_map(|(_, item)| operations(item)) {
            operation.responses.responses.insert("default".to_owned(), error.clone().into());
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// What became of a request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
struct Received {
    /// In the request's order. Over 100: only those that were not accepted, and `counts` by outcome.
    events: Vec<ReceivedEvent>,
}

/// What became of one item.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
struct ReceivedEvent {
    /// Its id in the log.
    id: String,
    /// What mappings match on.
    event_type: String,
    /// `executed`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    outcome: String,
}

/// Receives a webhook. Answered after everything that came of it is on the disk.
///
/// PUT and PATCH do the same, and so does what the provider's `methods` name; what follows the token in the path reaches
/// the plugin. A plugin may answer with a body of its own.
#[utoipa::path(
    post,
    path = "/integrations/receive/{token}",
    operation_id = "receive",
    tag = "webhooks",
    params(("token" = String, Path, description = "The endpoint's token; see a source's `endpoint`")),
    request_body(content = Object, description = "What the platform sends"),
    responses(
        (status = 200, description = "Accepted", body = Received),
        (status = 401, description = "Not verified"),
        (status = 404, description = "No such endpoint"),
        (status = 405, description = "The provider does not send with this method"),
        (status = 413, description = "Over the body limit"),
        (status = 415, description = "Encoded in another way than gzip"),
        (status = 422, description = "Every item was rejected, and the provider asks for this answer then"),
        (status = 500, description = "The plugin failed that should have written the answer; nothing was done"),
        (status = 503, description = "Nothing was accepted; send again after `Retry-After` seconds"),
    ),
)]
#[expect(dead_code, reason = "it describes a route that is served elsewhere")]
fn receive() {}

/// Whether the process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "server",
    responses((status = 200, description = "It is", body = String, content_type = "text/plain")),
)]
#[expect(dead_code, reason = "it describes a route that is served elsewhere")]
fn healthz() {}

/// Whether webhooks can be accepted.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "server",
    responses(
        (status = 200, description = "They can", body = String, content_type = "text/plain"),
        (status = 503, description = "They cannot, and why", body = String, content_type = "text/plain"),
    ),
)]
#[expect(dead_code, reason = "it describes a route that is served elsewhere")]
fn readyz() {}

/// Metrics in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "server",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")),
)]
#[expect(dead_code, reason = "it describes a route that is served elsewhere")]
fn metrics() {}
