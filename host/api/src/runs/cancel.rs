//! `POST /v1/workflow_runs/{id}/cancel`

use axum::{Json, extract::State};
use inlet_api_types::runs::{CanceledWorkflowRuns, WorkflowRunStatus};
use inlet_core::json;
use inlet_engine::{Engine, change_log, recipients::OperationType};

use super::{missing, read_id, response};
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    completion::to_completion,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
    recipients::call::{self, Call},
};

/// Cancels a run, and with it every run of its workflow with its cancellation key.
///
/// Deliveries that wait are not sent. A target that was told of the run already is told of the cancellation, if its kind takes
/// one; what its engine has sent to people by then cannot be taken back. A run without a cancellation key cannot be
/// canceled: nothing names it to an engine. The call is logged like one of the environment's own code.
#[utoipa::path(
    post,
    path = "/v1/workflow_runs/{id}/cancel",
    operation_id = "cancelWorkflowRun",
    tag = "workflow runs",
    params(
        ("id" = String, Path, description = "The run"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "They are canceled", body = CanceledWorkflowRuns)),
)]
pub async fn cancel_workflow_run(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Json<CanceledWorkflowRuns>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let memory = AnswerMemory::new(&engine);
    let run = engine.store.run(environment.id, read_id(&id)?, &memory).await?;
    let record = run.ok_or_else(AnswerMemory::exhausted)?.ok_or_else(|| missing(&id))?;
    let run = response::run(record);
    if run.status == WorkflowRunStatus::Canceled {
        return Err(ApiError::new(Kind::Conflict, "the run is canceled already"));
    }
    let key = run.cancellation_key.ok_or_else(|| {
        let message = "the run was triggered without a cancellation key, so that no engine knows what to cancel; discard \
                       the deliveries that still wait, and give triggers a cancellation_key";
        ApiError::new(Kind::Conflict, message)
    })?;
    let body = json::object([("cancellation_key", json::quote(&key).as_str())]);
    let workflow = json::quote(&run.workflow);
    let members = [("key", workflow.as_str()), ("cancellation_key", r#""data.cancellation_key""#)];
    let operation = call::plan(OperationType::WorkflowsCancel, body.as_str().into(), &json::object(members))?;
    let resource = format!("workflow_runs/{}", run.id);
    let change = change_log::workflow_run_changed(operator.author(), "cancelWorkflowRun", &environment, resource);
    let call = Call::begin_for_operator(&engine, &environment, body.len(), change)?;
    let by = operator.name().to_owned();
    let settled = to_completion(async move {
        let settled = call.carry_out(operation).await?;
        tracing::info!(run = run.id, environment = environment.slug, by, "a workflow run was canceled by an operator");
        Ok(settled)
    })
    .await?;
    Ok(Json(CanceledWorkflowRuns { event_id: settled.id.to_string() }))
}
