//! `GET /v1/logs/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::logs::SourceLog;
use inlet_engine::Engine;
use inlet_store::EventQuery;

use super::Endpoints;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    deliveries::{self, read_shown, shown_with},
    error::ApiError,
    path::Name,
    sources::{
        logs::{late_values::LateValues, response},
        lookup::parse_path_id,
    },
};

/// Returns one entry of the event logs, whole, with its actions and deliveries.
///
/// It is found in every source and environment that the token gives access to, and among the calls of the recipients API.
#[utoipa::path(
    get,
    path = "/v1/logs/{id}",
    operation_id = "getLog",
    tag = "sources",
    params(("id" = String, Path, description = "The log entry")),
    responses((status = 200, description = "The event log", body = SourceLog)),
)]
pub async fn get_log(operator: Operator, State(engine): State<Engine>, Name(id): Name) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found(format!("there is no log entry {id:?}; it may have been deleted by its age"));
    let parsed = parse_path_id("log entry", &id)?;
    let snapshot = engine.snapshot();
    let visible = snapshot.logs().filter(|endpoint| operator.sees(endpoint.environment_id));
    let endpoints: Endpoints = visible.map(|endpoint| (endpoint.id, endpoint.clone())).collect();
    let query = EventQuery { cut: true, ..EventQuery::one(endpoints.keys().copied().collect(), parsed) };
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.events_within(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let event = page.items.into_iter().next().ok_or_else(missing)?;
    let endpoint = endpoints.get(&event.source_environment_id).ok_or_else(missing)?;
    let hides = endpoint.hides_personal_data;
    let late = LateValues::of(&engine, &event, hides);
    let query = shown_with(endpoint.environment_id, None, Some(parsed));
    let listed = read_shown(&engine, &query, &memory).await?;
    let shown = |(listed, attempts)| deliveries::response::whole_delivery(listed, attempts, hides);
    let log =
        SourceLog { deliveries: Some(listed.into_iter().map(shown).collect()), ..response::log(event, endpoint, true) };
    late.answer_one(memory, log).await
}
