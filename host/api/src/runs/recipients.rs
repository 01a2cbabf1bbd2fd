//! `GET /v1/workflow_runs/{id}/recipients`

use axum::{Json, extract::State};
use inlet_api_types::{PageParams, runs::WorkflowRunRecipients};
use inlet_engine::Engine;

use super::{missing, read_id, response};
use crate::{
    auth::EnvironmentKey,
    error::ApiError,
    page::{PageRequest, page_info},
    path::Name,
    query::Params,
};

/// Lists a run's recipients, in the order in which the trigger named them.
#[utoipa::path(
    get,
    path = "/v1/workflow_runs/{id}/recipients",
    operation_id = "listWorkflowRunRecipients",
    tag = "workflow runs",
    params(
        ("id" = String, Path, description = "The run"),
        PageParams,
    ),
    responses((status = 200, description = "The recipients", body = WorkflowRunRecipients)),
)]
pub async fn list_workflow_run_recipients(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Json<WorkflowRunRecipients>, ApiError> {
    let run_id = read_id(&id)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let page = engine.store.run_recipients(key.environment_id, run_id, cursor, limit).await?;
    // Every run has a recipient: an empty page is one beyond an end, or of no run.
    if page.items.is_empty() && engine.store.run(key.environment_id, run_id).await?.is_none() {
        return Err(missing(&id));
    }
    let page_info = page_info(&page, limit, |recipient| recipient.ordinal);
    Ok(Json(WorkflowRunRecipients { entries: page.items.into_iter().map(response::recipient).collect(), page_info }))
}
