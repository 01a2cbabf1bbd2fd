//! `GET /v1/sources/{key}/replays`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, replays::ReplayList};
use inlet_engine::Engine;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    page::{PageRequest, page_info},
    path::Name,
    query::Params,
    sources::lookup::queried_endpoint,
};

/// Lists replays, newest first.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/replays",
    operation_id = "listReplays",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
        PageParams,
    ),
    responses((status = 200, description = "The replays", body = ReplayList)),
)]
pub async fn list_replays(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Response, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.replays(endpoint.id, cursor, limit, &memory).await?;
    let page = page.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |replay| replay.id);
    memory.answer(ReplayList { entries: page.items.into_iter().map(response::replay).collect(), page_info })
}
