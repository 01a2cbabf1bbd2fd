//! `DELETE /v1/targets/{key}`

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

/// Deletes a target of an environment, with its secrets. Deliveries to it that are open are canceled.
///
/// One that a mapping names is not deleted (409, naming the mappings).
#[utoipa::path(
    delete,
    path = "/v1/targets/{key}",
    operation_id = "deleteTarget",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_target(
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
            let target = find(change.engine(), &environment, &key).await?;
            let endpoints = snapshot.endpoints().filter(|endpoint| endpoint.environment_id == environment.id);
            let mappings = endpoints.flat_map(|endpoint| {
                endpoint.record.mappings.iter().map(move |mapping| (endpoint.source.as_str(), mapping))
            });
            check_unused(mappings, Reference::Target(&key))?;
            change.delete_target(&environment, &target).await?;
            let by = operator.name();
            tracing::info!(target_key = key, environment = environment.slug, by, "a target was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
