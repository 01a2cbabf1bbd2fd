//! `GET /v1/configuration`

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::configuration::Configuration;
use inlet_engine::Engine;
use inlet_store::Environment;

use super::{document::document, version::version};
use crate::{auth::Operator, error::ApiError, etag::etag, query::Params};

/// Returns the configuration of all environments that the token is good for, or of one.
///
/// It holds no secrets, endpoints, keys and ids. Sent to `PUT /v1/configuration` as it is, it changes nothing. The `ETag` is
/// the version of the whole configuration that the token sees.
#[utoipa::path(
    get,
    path = "/v1/configuration",
    operation_id = "getConfiguration",
    tag = "configuration",
    params(("environment" = Option<String>, Query, description = "The environment; all that the token is good for if absent")),
    responses((
        status = 200,
        description = "The configuration",
        body = Configuration,
        headers(("ETag" = String, description = "The version of the configuration, for `If-Match`")),
    )),
)]
pub async fn get_configuration(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<impl IntoResponse, ApiError> {
    let snapshot = engine.snapshot();
    let visible: Vec<&Environment> =
        snapshot.environments.iter().filter(|environment| operator.sees(environment.id)).collect();
    let chosen = match params.environment(&snapshot)? {
        Some(environment) => vec![environment],
        None => visible.clone(),
    };
    let version = version(&snapshot, visible.into_iter());
    let document = document(&engine, &snapshot, &chosen).await?;
    Ok((AppendHeaders([(header::ETAG, etag(&version))]), Json(document)))
}
