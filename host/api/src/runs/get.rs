//! `GET /v1/workflow_runs/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::runs::WorkflowRun;
use inlet_engine::Engine;

use super::{missing, read_id, response};
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    deliveries::{read_shown, shown_with},
    error::ApiError,
    path::Name,
};

/// A workflow run of an environment, whole.
#[utoipa::path(
    get,
    path = "/v1/workflow_runs/{id}",
    operation_id = "getWorkflowRun",
    tag = "workflow runs",
    params(
        ("id" = String, Path, description = "The run"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 200, description = "The run", body = WorkflowRun)),
)]
pub async fn get_workflow_run(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Response, ApiError> {
    let memory = AnswerMemory::new(&engine);
    let run_id = read_id(&id)?;
    let found = engine.store.run(reader.environment_id, run_id, &memory).await?;
    let record = found.ok_or_else(AnswerMemory::exhausted)?.ok_or_else(|| missing(&id))?;
    let deliveries = shown_with(reader.environment_id, Some(run_id), None);
    let deliveries = read_shown(&engine, &deliveries, &memory).await?;
    let run = response::run_with_deliveries(record, deliveries, reader.hides_personal_data);
    memory.answer(response::shown_to(run, reader.hides_personal_data))
}
