//! `GET /v1/targets/{key}`

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::targets::Target;
use inlet_engine::Engine;

use super::{find, response};
use crate::{auth::Operator, error::ApiError, etag::etag, path::Name, query::Params};

/// Returns a target of an environment, without its secrets.
#[utoipa::path(
    get,
    path = "/v1/targets/{key}",
    operation_id = "getTarget",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((
        status = 200,
        description = "The target",
        body = Target,
        headers(("ETag" = String, description = "The version of its settings, for `If-Match`")),
    )),
)]
pub async fn get_target(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<impl IntoResponse, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.required_environment(&snapshot)?;
    operator.may_see(environment)?;
    let record = find(&engine, environment, &key).await?;
    let version = record.version;
    let target = response::target(&engine, record, &engine.store.open_deliveries().await?).await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(target)))
}
