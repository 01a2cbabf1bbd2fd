//! `GET /v1/search`

use axum::{Json, extract::State};
use inlet_api_types::search::{SearchResult, SearchResults};
use inlet_core::Uuid;
use inlet_engine::Engine;
use inlet_store::{EventQuery, StoredEvent};

use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    logs::{Endpoints, endpoints_in},
    query::Params,
};

/// The longest text, in bytes.
const MAX_BYTES: usize = 1024;
/// The entries of one kind.
const LIMIT: usize = 5;

/// Finds what has this text as its id or its key: an event, a workflow run, a delivery, the id that a target gave to what it
/// began, a message id, a user, and a user's email.
///
/// An email is searched among the newest 20,000 users, and not where personal data is hidden.
#[utoipa::path(
    get,
    path = "/v1/search",
    operation_id = "search",
    tag = "sources",
    params(
        ("environment" = String, Query, description = "The environment"),
        ("q" = String, Query, description = "The whole id, key or email; it is compared exactly"),
    ),
    responses((status = 200, description = "The results, the most exact kind first", body = SearchResults)),
)]
pub async fn search(
    _: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<SearchResults>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.required_environment(&snapshot)?;
    let text = params.get("q").map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| ApiError::invalid("q", "it is missing; give an id, a key or an email"))?;
    if text.len() > MAX_BYTES {
        let message = format!("found {} bytes, expected at most {MAX_BYTES}", text.len());
        return Err(ApiError::invalid("q", message));
    }
    let id = environment.id;
    let endpoints = endpoints_in(&snapshot, id);
    let memory = AnswerMemory::new(&engine);
    let store = &engine.store;
    let mut entries = Vec::new();
    if let Ok(uuid) = Uuid::try_parse(text) {
        let logs: Endpoints =
            snapshot.logs().filter(|log| log.environment_id == id).map(|log| (log.id, log.clone())).collect();
        let query = EventQuery { cut: true, ..EventQuery::one(logs.keys().copied().collect(), uuid) };
        entries.extend(events(&engine, &query, &logs, "event", &memory).await?);
        if let Some(run) = store.run(id, uuid, &memory).await?.ok_or_else(AnswerMemory::exhausted)? {
            entries.push(SearchResult::caused("workflow_run", uuid.to_string(), run.source_event.to_string()));
        }
        entries.extend(delivery(&engine, id, uuid, "delivery").await?);
    }
    let begun = store.deliveries_by_downstream_id(id, text, LIMIT).await?;
    for uuid in begun {
        entries.extend(delivery(&engine, id, uuid, "downstream").await?);
    }
    let ids: Vec<i64> = endpoints.keys().copied().collect();
    let newest = || EventQuery::newest(ids.clone(), LIMIT);
    let query = EventQuery { idempotency_key: Some(text.to_owned()), ..newest() };
    entries.extend(events(&engine, &query, &endpoints, "message", &memory).await?);
    if store.user(id, text, &memory).await?.ok_or_else(AnswerMemory::exhausted)?.is_some() {
        entries.push(SearchResult::new("user", text.to_owned()));
    }
    let hides = endpoints.values().any(|endpoint| endpoint.hides_personal_data);
    if text.contains('@') && !hides {
        let users = store.users_by_email(id, text, LIMIT).await?;
        entries.extend(users.into_iter().map(|user| SearchResult::new("email", user)));
    }
    let query = EventQuery { user_id: Some(text.to_owned()), limit: 1, ..newest() };
    entries.extend(events(&engine, &query, &endpoints, "user_events", &memory).await?);
    Ok(Json(SearchResults { entries }))
}

/// Returns a delivery as a result of a kind.
async fn delivery(engine: &Engine, environment: i64, id: Uuid, kind: &str) -> Result<Option<SearchResult>, ApiError> {
    let found = engine.store.delivery(environment, id).await?;
    Ok(found.map(|(listed, _)| SearchResult::caused(kind, id.to_string(), listed.delivery.source_event.to_string())))
}

/// Returns the events that a query selects as results of a kind.
async fn events(
    engine: &Engine,
    query: &EventQuery,
    endpoints: &Endpoints,
    kind: &str,
    memory: &AnswerMemory,
) -> Result<Vec<SearchResult>, ApiError> {
    let found = engine.store.events_within(query, memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let result = |event: StoredEvent| {
        let source = endpoints.get(&event.source_environment_id)?.source.clone();
        let event_type = Some(event.fields.event_type).filter(|event_type| !event_type.is_empty());
        let id = event.fields.id.to_string();
        Some(SearchResult { source: Some(source), event_type, ..SearchResult::caused(kind, id.clone(), id) })
    };
    Ok(found.items.into_iter().filter_map(result).collect())
}
