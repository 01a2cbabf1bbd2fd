//! `GET /v1/workflow_runs/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::runs::WorkflowRun;
use inlet_engine::Engine;

use super::{missing, read_id, response};
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentKey,
    deliveries::{read_shown, shown_with},
    error::ApiError,
    path::Name,
};

/// A workflow run of the key's environment, whole.
#[utoipa::path(
    get,
    path = "/v1/workflow_runs/{id}",
    operation_id = "getWorkflowRun",
    tag = "workflow runs",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "The run", body = WorkflowRun)),
)]
pub async fn get_workflow_run(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Response, ApiError> {
    let memory = AnswerMemory::new(&engine);
    let run_id = read_id(&id)?;
    let found = engine.store.run(key.environment_id, run_id, &memory).await?;
    let record = found.ok_or_else(AnswerMemory::exhausted)?.ok_or_else(|| missing(&id))?;
    let deliveries = shown_with(key.environment_id, Some(run_id), None);
    let deliveries = read_shown(&engine, &deliveries, &memory).await?;
    memory.answer(response::run_with_deliveries(record, deliveries))
}
