//! `GET /v1/logs`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, logs::SourceLogList};
use inlet_engine::Engine;

use super::endpoints_in;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    page::page_info,
    query::Params,
    sources::logs::{list::read_query, response},
};

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
        ("date" = Option<String>, Query, description = "Logged on this day, `YYYY-MM-DD`, in UTC"),
        ("starting_at" = Option<String>, Query, description = "Logged at this time or later"),
        ("ending_at" = Option<String>, Query, description = "Logged before this time"),
        ("event" = Option<String>, Query, description = "Of this event type; `Paid` also finds `track/Paid`, as in a mapping"),
        ("user_id" = Option<String>, Query, description = "About this user"),
        ("idempotency_key" = Option<String>, Query, description = "With this idempotency key"),
        ("recipient" = Option<String>, Query, description = "With a trigger that reached or skipped this recipient: the id of a user, or `collection/id`"),
        ("action_status" = Option<String>, Query, description = "With an action that ended so: `success`, `skipped` or `error`"),
        ("outcome" = Option<String>, Query, description = "Of this outcome, or of these: `failed,rejected`"),
        ("code" = Option<String>, Query, description = "Of this code, for example `action_failed`"),
        ("include" = Option<Vec<String>>, Query, description = "`actions`: what was done about each event"),
        PageParams,
    ),
    responses((status = 200, description = "The event logs", body = SourceLogList)),
)]
pub async fn list_logs(_: Operator, State(engine): State<Engine>, params: Params) -> Result<Response, ApiError> {
    let snapshot = engine.snapshot();
    let endpoints = endpoints_in(&snapshot, params.required_environment(&snapshot)?.id);
    let query = read_query(&params, endpoints.keys().copied().collect())?;
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.events_within(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, query.limit, |event| event.id);
    let entries = page.items.into_iter().filter_map(|event| {
        let endpoint = endpoints.get(&event.source_environment_id)?;
        Some(response::log(event, endpoint, query.include_actions))
    });
    memory.answer(SourceLogList { entries: entries.collect(), page_info })
}
