//! `GET /v1/workflow_runs`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, runs::WorkflowRunList};
use inlet_engine::Engine;
use inlet_store::RunQuery;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    error::ApiError,
    page::{PageRequest, bounded_page_info},
    query::Params,
};

/// Lists the workflow runs of an environment, newest first. Data over 16 KiB is null here, and a page of
/// long runs has fewer entries.
#[utoipa::path(
    get,
    path = "/v1/workflow_runs",
    operation_id = "listWorkflowRuns",
    tag = "workflow runs",
    params(
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("workflow" = Option<String>, Query, description = "Of this workflow"),
        ("source_event_id" = Option<String>, Query, description = "Caused by this event"),
        PageParams,
    ),
    responses((status = 200, description = "The runs", body = WorkflowRunList)),
)]
pub async fn list_workflow_runs(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let query = RunQuery {
        environment_id: reader.environment_id,
        cursor,
        limit,
        workflow: params.get("workflow").map(str::to_owned),
        source_event: params.id("source_event_id")?,
    };
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.runs(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let (page_info, looked_at) = bounded_page_info(&page, limit, |run| run.id);
    let hides = reader.hides_personal_data;
    let entries = page.items.into_iter().map(|run| response::shown_to(response::run(run), hides));
    memory.answer(WorkflowRunList { entries: entries.collect(), page_info, looked_at })
}
