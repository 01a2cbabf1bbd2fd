//! `DELETE /v1/variables/{key}`

use axum::{extract::State, http::StatusCode};
use inlet_core::actions::variable_references;
use inlet_engine::{Engine, snapshot::Snapshot};
use inlet_store::Environment;

use super::find;
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

/// The most mappings that a refusal names.
const MAX_NAMED: usize = 10;

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
            let users = mappings_that_read(&snapshot, &environment, &key);
            if !users.is_empty() {
                let more = users.len().saturating_sub(MAX_NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named = users.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
                let message = format!("mappings read vars.{key}: {named}{more}; change them, then delete it");
                return Err(ApiError::new(Kind::Conflict, message));
            }
            change.delete_variable(&environment, variable).await?;
            let by = operator.name();
            tracing::info!(variable = key, environment = environment.slug, by, "a variable was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Returns the mappings of an environment that read a variable, each with its source, event type and id.
fn mappings_that_read(snapshot: &Snapshot, environment: &Environment, key: &str) -> Vec<String> {
    let endpoints = snapshot.endpoints().filter(|endpoint| endpoint.environment_id == environment.id);
    endpoints
        .flat_map(|endpoint| endpoint.record.mappings.iter().map(move |mapping| (&endpoint.source, mapping)))
        .filter(|(_, mapping)| {
            variable_references(&mapping.parameters, mapping.when.as_deref()).iter().any(|name| name == key)
        })
        .map(|(source, mapping)| format!("{source}: {:?} ({})", mapping.event_type, mapping.id))
        .collect()
}
