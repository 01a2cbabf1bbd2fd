//! `GET /v1/logs`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    logs::{LogFilterParams, LogListParams, SourceLogList},
};
use inlet_engine::Engine;

use super::{endpoints_in, filters::read_query, page::read_page};
use crate::{answer_memory::AnswerMemory, auth::Operator, error::ApiError, query::Params};

/// Lists the event logs of all sources of an environment, newest first. `data`, `original` and payloads over 16 KiB are
/// null.
///
/// Filters and cursors are those of the list of one source. Calls of the recipients API are not among them.
#[utoipa::path(
    get,
    path = "/v1/logs",
    operation_id = "listLogs",
    tag = "sources",
    params(
        ("environment" = String, Query, description = "The environment"),
        LogFilterParams,
        LogListParams,
        PageParams,
    ),
    responses((status = 200, description = "The event logs", body = SourceLogList)),
)]
pub async fn list_logs(_: Operator, State(engine): State<Engine>, params: Params) -> Result<Response, ApiError> {
    let snapshot = engine.snapshot();
    let endpoints = endpoints_in(&snapshot, params.required_environment(&snapshot)?.id);
    let query = read_query(&params, endpoints.keys().copied().collect())?;
    let memory = AnswerMemory::new(&engine);
    let page = read_page(&engine, &params, &query, &endpoints, &memory).await?;
    memory.answer(page.into_list(&endpoints, query.include_actions))
}
