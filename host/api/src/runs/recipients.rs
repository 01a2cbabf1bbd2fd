//! `GET /v1/workflow_runs/{id}/recipients`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, runs::WorkflowRunRecipients};
use inlet_engine::Engine;

use super::{missing, read_id, response};
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
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
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        PageParams,
    ),
    responses((status = 200, description = "The recipients", body = WorkflowRunRecipients)),
)]
pub async fn list_workflow_run_recipients(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Response, ApiError> {
    let run_id = read_id(&id)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.run_recipients(reader.environment_id, run_id, cursor, limit, &memory).await?;
    let page = page.ok_or_else(AnswerMemory::exhausted)?;
    // Every run has a recipient: an empty page is one beyond an end, or of no run.
    if page.items.is_empty() && !engine.store.has_run(reader.environment_id, run_id).await? {
        return Err(missing(&id));
    }
    let page_info = page_info(&page, limit, |recipient| recipient.ordinal);
    let hides = reader.hides_personal_data;
    let entries = page.items.into_iter().map(|found| response::recipient_shown_to(response::recipient(found), hides));
    memory.answer(WorkflowRunRecipients { entries: entries.collect(), page_info })
}
