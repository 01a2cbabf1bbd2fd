//! `DELETE /v1/variables/{key}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::Engine;

use super::find;
use crate::{
    auth::Operator,
    error::ApiError,
    mapping_references::{Reference, check_unused},
    path::Name,
    query::Params,
};

/// Deletes a variable of an environment. One that a mapping reads is not deleted (409, naming the mappings).
#[utoipa::path(
    delete,
    path = "/v1/variables/{key}",
    operation_id = "deleteVariable",
    tag = "environments",
    params(
        ("key" = String, Path, description = "The variable"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_variable(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<StatusCode, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    engine
        .configure(operator.author(), move |change| async move {
            let snapshot = change.snapshot();
            let variable = find(&snapshot, &environment, &key)?;
            let endpoints = snapshot.endpoints().filter(|endpoint| endpoint.environment_id == environment.id);
            let mappings = endpoints.flat_map(|endpoint| {
                endpoint.record.mappings.iter().map(move |mapping| (endpoint.source.as_str(), mapping))
            });
            check_unused(mappings, Reference::Variable(&key))?;
            change.delete_variable(&environment, variable).await?;
            let by = operator.name();
            tracing::info!(variable = key, environment = environment.slug, by, "a variable was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
