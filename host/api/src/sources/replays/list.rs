//! `GET /v1/sources/{key}/replays`

use axum::{Json, extract::State};
use inlet_api_types::{PageInfo, PageParams};
use inlet_engine::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use super::response::ShownReplay;
use crate::{
    auth::Operator,
    error::ApiError,
    page::{PageRequest, page_info},
    path::Name,
    query::Params,
    sources::lookup::queried_endpoint,
};

/// A page of replays, newest first.
#[derive(Serialize, ToSchema)]
pub struct Replays {
    /// The replays.
    entries: Vec<ShownReplay>,
    /// What lies around the page.
    page_info: PageInfo,
}

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
    responses((status = 200, description = "The replays", body = Replays)),
)]
pub async fn list_replays(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<Replays>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let page = engine.store.replays(endpoint.id, cursor, limit).await?;
    let page_info = page_info(&page, limit, |replay| replay.id);
    Ok(Json(Replays { entries: page.items.into_iter().map(ShownReplay::of).collect(), page_info }))
}
