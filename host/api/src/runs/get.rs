//! `GET /v1/workflow_runs/{id}`

use axum::{Json, extract::State};
use inlet_engine::Engine;

use super::{missing, read_id, shown::ShownRun};
use crate::{auth::EnvironmentKey, error::ApiError, path::Name};

/// A workflow run of the key's environment, whole.
#[utoipa::path(
    get,
    path = "/v1/workflow_runs/{id}",
    operation_id = "getWorkflowRun",
    tag = "workflow runs",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "The run", body = ShownRun)),
    security(("api_key" = [])),
)]
pub async fn get_workflow_run(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Json<ShownRun>, ApiError> {
    let found = engine.store.run(key.environment_id, read_id(&id)?).await?;
    found.map(|record| Json(ShownRun::of(record))).ok_or_else(|| missing(&id))
}
