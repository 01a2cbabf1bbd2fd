//! `DELETE /v1/sources/{key}`

use axum::{extract::State, http::StatusCode};

use super::find;
use crate::{
    api::{auth::Operator, change::to_its_end, error::ApiError, path::Name},
    app::App,
    change_log,
};

/// Deletes a source in every environment: settings, mappings, secrets, logs and refused requests.
///
/// Its endpoints are unknown (404) and its key is free at once; its logs go in the background. Users and workflow runs
/// stay, and so do idempotency records until they expire, which count for no other source.
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
    State(app): State<App>,
    Name(key): Name,
) -> Result<StatusCode, ApiError> {
    to_its_end(async move {
        let _changing = app.change().await?;
        let configuration = app.configuration();
        let record = &find(&configuration, &key)?.record;
        let log = change_log::source_deleted(operator.author(), record);
        app.store.source_delete(record.id, log).await?;
        app.reload().await?;
        app.retention_changed.notify_one();
        tracing::info!(source = key, by = operator.name(), "a source was deleted");
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
