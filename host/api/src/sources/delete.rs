//! `DELETE /v1/sources/{key}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::{Engine, change_log};

use super::lookup::find_source;
use crate::{auth::Operator, change::to_its_end, error::ApiError, path::Name};

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
    security(("management_token" = [])),
)]
pub async fn delete_source(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
) -> Result<StatusCode, ApiError> {
    to_its_end(async move {
        let _changing = engine.change().await?;
        let snapshot = engine.snapshot();
        let record = &find_source(&snapshot, &key)?.record;
        let log = change_log::source_deleted(operator.author(), record);
        engine.store.source_delete(record.id, log).await?;
        engine.reload().await?;
        engine.retention_changed.notify_one();
        tracing::info!(source = key, by = operator.name(), "a source was deleted");
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
