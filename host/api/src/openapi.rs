//! `GET /openapi.json`: the description of every operation of the server.
//!
//! Webhooks, health and metrics are described here and served by `host/server`.

use std::sync::LazyLock;

use axum::Json;
use inlet_api_types::{ErrorBody, webhooks::Received};
use inlet_core::actions;
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        Content, OpenApi, Ref, RefOr, ResponseBuilder,
        schema::Schema,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use crate::routes;

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);

/// The operations of the router, those that are served elsewhere, and what is common to all.
fn document() -> OpenApi {
    let mut document = routes::describe(Base::openapi());
    Credentials.modify(&mut document);
    Errors.modify(&mut document);
    ActionTypes.modify(&mut document);
    document
}

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

/// The document without the operations of the router.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Inlet",
        description = "Webhooks in, actions out. Lists are newest first; cursors are opaque; times are RFC 3339 in UTC. \
                       Query parameters and members of a body that are not known are refused, with the nearest name.",
    ),
    tags(
        (name = "webhooks", description = "Where platforms send to"),
        (name = "sources", description = "Platforms that send events, and how each environment treats them"),
        (name = "repair", description = "What failed, was rejected or was refused, and how it is carried out again"),
        (name = "providers", description = "The plugins that this server has"),
        (name = "environments", description = "Isolated worlds of users, mappings, logs and keys"),
        (name = "configuration", description = "The configuration as one document, changed as a whole"),
        (name = "administration", description = "Who may use this API, and what was changed through it"),
        (name = "users", description = "Users as they were identified"),
        (name = "objects", description = "Objects: what is no user and can be a recipient"),
        (name = "tenants", description = "Tenants of runs"),
        (name = "subscriptions", description = "Recipients that follow an object"),
        (name = "audiences", description = "Named groups of users"),
        (name = "bulk operations", description = "Many users, objects or tenants at once, in the background"),
        (name = "integrations", description = "Platforms that sync a warehouse into users and audiences"),
        (name = "workflows", description = "Triggering and canceling workflows"),
        (name = "workflow runs", description = "What triggers asked for"),
        (name = "deliveries", description = "The targets of an environment, and the calls by which runs reach them"),
        (name = "server", description = "The server itself"),
    ),
    paths(receive, healthz, readyz, metrics),
    components(schemas(ErrorBody)),
)]
struct Base;

const MANAGEMENT_TOKEN: &str = "A management token of this server, `im_…`, with the scope that is named: `read`; \
                                `operate` and `plugins`, which include it; or `admin`, which includes all";

/// The security schemes: two kinds of bearer tokens.
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

/// The error response of every operation under `/v1`.
struct Errors;

impl Modify for Errors {
    fn modify(&self, document: &mut OpenApi) {
        let error = ResponseBuilder::new()
            .description("Not done: 401, 403, 404, 405, 409, 412, 413, 415, 422 or 503")
            .content("application/json", Content::new(Some(Ref::from_schema_name("Error"))))
            .build();
        let items = document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/v1/"));
        for operation in items.flat_map(|(_, item)| routes::descriptions_mut(item)) {
            operation.responses.responses.insert("default".to_owned(), error.clone().into());
        }
    }
}

/// The action types, from the registry of actions.
struct ActionTypes;

impl Modify for ActionTypes {
    fn modify(&self, document: &mut OpenApi) {
        let schemas = document.components.get_or_insert_default().schemas.get_mut("MappingRequest");
        if let Some(RefOr::T(Schema::Object(mapping))) = schemas
            && let Some(RefOr::T(Schema::Object(action_type))) = mapping.properties.get_mut("action_type")
        {
            let names = actions::action_list(|name| format!("`{name}`"));
            let description = action_type.description.take().unwrap_or_default();
            action_type.description = Some(format!("{description} One of {names}."));
        }
    }
}

/// Receives a webhook. The response follows after all results are on disk.
///
/// PUT and PATCH do the same, and so do other `methods` of the provider. The plugin sees the rest of the path after the
/// token. A plugin may answer with a body of its own.
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

/// Reports that the process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "server",
    responses((status = 200, description = "It is", body = String, content_type = "text/plain")),
)]
#[expect(dead_code, reason = "it describes a route that is served elsewhere")]
fn healthz() {}

/// Reports if webhooks can be accepted.
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
