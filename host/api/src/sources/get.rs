//! `GET /v1/sources/{key}`

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::sources::Source;
use inlet_engine::Engine;

use super::{
    lookup::{endpoints_in, find_endpoint, find_source},
    response,
};
use crate::{auth::Operator, error::ApiError, etag::etag, path::Name, query::Params};

/// Returns a source with its settings and mappings in one environment.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}",
    operation_id = "getSource",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
        ("annotate" = Option<bool>, Query, description = "Accepted for compatibility; it changes nothing"),
    ),
    responses((
        status = 200,
        description = "The source",
        body = Source,
        headers(("ETag" = String, description = "The version of its settings in the environment, for `If-Match`")),
    )),
)]
pub async fn get_source(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<impl IntoResponse, ApiError> {
    let snapshot = engine.snapshot();
    let source = find_source(&snapshot, &key)?;
    let environment = params.required_environment(&snapshot)?;
    let endpoint = find_endpoint(source, environment)?;
    let shown = response::source_with_settings(source, endpoints_in(source, Some(environment)), &engine.options);
    Ok((AppendHeaders([(header::ETAG, etag(endpoint.record.version))]), Json(shown)))
}
