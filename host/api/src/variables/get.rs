//! `GET /v1/variables/{key}`

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::variables::Variable;
use inlet_engine::Engine;

use super::{find, response};
use crate::{auth::Operator, error::ApiError, etag::etag, path::Name, query::Params};

/// Returns a variable of an environment, or, without `environment`, its values in all environments.
#[utoipa::path(
    get,
    path = "/v1/variables/{key}",
    operation_id = "getVariable",
    tag = "environments",
    params(
        ("key" = String, Path, description = "The variable"),
        ("environment" = Option<String>, Query, description = "The environment; all of them if absent"),
    ),
    responses((
        status = 200,
        description = "The variable",
        body = Variable,
        headers(("ETag" = String, description = "Its version, for `If-Match`; only with an environment")),
    )),
)]
pub async fn get_variable(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<impl IntoResponse, ApiError> {
    let snapshot = engine.snapshot();
    if let Some(environment) = params.environment(&snapshot)? {
        operator.may_see(environment)?;
        let variable = find(&snapshot, environment, &key)?;
        return Ok((AppendHeaders(Some((header::ETAG, etag(variable.version)))), Json(response(variable))));
    }
    let seen = snapshot.environments.iter().filter(|environment| operator.sees(environment.id));
    let found: Vec<_> = seen.filter_map(|seen| Some((seen, find(&snapshot, seen, &key).ok()?))).collect();
    let Some((_, first)) = found.first() else {
        return Err(ApiError::not_found(format!("there is no variable {key:?} in any environment")));
    };
    let values: BTreeMap<_, _> =
        found.iter().map(|(environment, variable)| (environment.slug.clone(), variable.value.clone())).collect();
    let variable = Variable { value: None, environment_values: Some(values), ..response(first) };
    Ok((AppendHeaders(None), Json(variable)))
}
