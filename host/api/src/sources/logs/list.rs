//! `GET /v1/sources/{key}/logs`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    logs::{LogFilterParams, LogListParams},
};
use inlet_engine::Engine;
use inlet_store::API_LOG;

use super::late_values::LateValues;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    deliveries::{self, read_shown, shown_with},
    error::ApiError,
    logs::{Endpoints, filters::read_query, page::read_page},
    path::Name,
    query::Params,
    sources::lookup::{find_log, find_source},
};

/// Lists event logs, newest first. `data`, `original` and payloads over 16 KiB are null, except with `id`.
///
/// Filters may be combined. `after` and `before` take a cursor of the list, or a time such as `2026-01-02T03:04:05Z`; each
/// may be given once in both forms. Values are compared as they were received, also where personal data is hidden.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/logs",
    operation_id = "listSourceLogs",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source; `$api` for the calls of the recipients API"),
        ("environment" = String, Query, description = "The environment"),
        ("id" = Option<String>, Query, description = "This one only, whole and with its actions"),
        LogFilterParams,
        LogListParams,
        PageParams,
    ),
    responses((status = 200, description = "The event logs", body = inlet_api_types::logs::SourceLogList)),
)]
pub async fn list_source_logs(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Response, ApiError> {
    let snapshot = engine.snapshot();
    // A source that does not exist is told before an environment that is missing.
    if key != API_LOG {
        find_source(&snapshot, &key)?;
    }
    let endpoint = find_log(&snapshot, &key, params.required_environment(&snapshot)?)?;
    let query = read_query(&params, vec![endpoint.id])?;
    let memory = AnswerMemory::new(&engine);
    let endpoints = Endpoints::from([(endpoint.id, endpoint.clone())]);
    let page = read_page(&engine, &params, &query, &endpoints, &memory).await?;
    // One event is shown whole, however long its values are.
    let late = query.id.and(page.items.first());
    let late = late.map(|event| LateValues::of(&engine, event, endpoint.hides_personal_data));
    let mut list = page.into_list(&endpoints, query.include_actions);
    if let (Some(id), Some(entry)) = (query.id, list.entries.first_mut()) {
        let query = shown_with(endpoint.environment_id, None, Some(id));
        let listed = read_shown(&engine, &query, &memory).await?;
        let hides = endpoint.hides_personal_data;
        let shown = |(listed, attempts)| deliveries::response::whole_delivery(listed, attempts, hides);
        entry.deliveries = Some(listed.into_iter().map(shown).collect());
    }
    match late {
        Some(late) => late.answer(memory, list).await,
        None => memory.answer(list),
    }
}
