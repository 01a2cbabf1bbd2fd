//! `POST /v1/source_providers`: adds a version of a plugin under the key that its manifest has.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use inlet_api_types::providers::SourceProvider;
use inlet_engine::Engine;

use super::add::add;
use crate::{auth::Operator, error::ApiError, query::Params};

/// Adds a version of the provider that the component's manifest names. See `PUT /v1/source_providers/{key}`.
#[utoipa::path(
    post,
    path = "/v1/source_providers",
    operation_id = "uploadSourceProvider",
    tag = "providers",
    params(
        ("digest" = String, Query, description = "`sha256:` and the 64 hexadecimal digits of the component's SHA-256"),
        (
            "replace_key" = Option<bool>,
            Query,
            description = "`true`: the component may be signed with another key than its publisher is known by; needs the scope `admin`",
        ),
        ("replace" = Option<bool>, Query, description = "`true`: the key may be that of a bundled plugin, such as `segment`"),
    ),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component, at most 64 MiB"),
    responses(
        (status = 200, description = "This component was added before", body = SourceProvider),
        (status = 201, description = "It is added", body = SourceProvider),
    ),
)]
pub async fn upload_source_provider(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<SourceProvider>), ApiError> {
    add(operator, engine, None, params, headers, body).await
}
