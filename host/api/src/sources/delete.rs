//! `DELETE /v1/sources/{key}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::Engine;

use super::lookup::find_source;
use crate::{auth::Operator, error::ApiError, path::Name};

/// Deletes a source in every environment: settings, mappings, secrets, logs and refused requests.
///
/// Its endpoints return 404 and its key is free at once. Its logs are removed in the background. Users and workflow runs
/// stay. Idempotency records stay until they expire, and never apply to another source.
#[utoipa::path(
    delete,
    path = "/v1/sources/{key}",
    operation_id = "deleteSource",
    tag = "sources",
    params(("key" = String, Path, description = "The source")),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_source(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
) -> Result<StatusCode, ApiError> {
    engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            change.delete_source(&find_source(&snapshot, &key)?.record).await?;
            tracing::info!(source = key, by = operator.name(), "a source was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
