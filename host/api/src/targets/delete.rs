//! `DELETE /v1/targets/{key}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::{Engine, snapshot::Snapshot};
use inlet_store::Environment;

use super::{find, mapping_targets::named_targets};
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

/// The most mappings that a refusal names.
const MAX_NAMED: usize = 10;

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
            let target = find(change.engine(), &environment, &key).await?;
            let users = mappings_that_name(&change.snapshot(), &environment, &key);
            if !users.is_empty() {
                let more = users.len().saturating_sub(MAX_NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named = users.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
                let message = format!("mappings name the target {key:?}: {named}{more}; change them, then delete it");
                return Err(ApiError::new(Kind::Conflict, message));
            }
            change.delete_target(&environment, &target).await?;
            let by = operator.name();
            tracing::info!(target_key = key, environment = environment.slug, by, "a target was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Returns the mappings of an environment that name a target, each with its source, event type and id.
fn mappings_that_name(snapshot: &Snapshot, environment: &Environment, key: &str) -> Vec<String> {
    let endpoints = snapshot.endpoints().filter(|endpoint| endpoint.environment_id == environment.id);
    endpoints
        .flat_map(|endpoint| endpoint.record.mappings.iter().map(move |mapping| (&endpoint.source, mapping)))
        .filter(|(_, mapping)| {
            named_targets(&mapping.action_type, &mapping.parameters).iter().any(|named| named == key)
        })
        .map(|(source, mapping)| format!("{source}: {:?} ({})", mapping.event_type, mapping.id))
        .collect()
}
