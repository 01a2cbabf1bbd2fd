//! `GET /v1/sources/{key}/replays/{id}`

use axum::{Json, extract::State};
use inlet_api_types::replays::Replay;
use inlet_core::Uuid;
use inlet_engine::{Engine, snapshot::Endpoint};

use super::response;
use crate::{
    auth::Operator,
    error::ApiError,
    path::TwoNames,
    query::Params,
    sources::lookup::{parse_path_id, queried_endpoint},
};

/// Returns a replay and its progress.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/replays/{id}",
    operation_id = "getReplay",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("id" = String, Path, description = "The replay"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The replay", body = Replay)),
)]
pub async fn get_replay(
    _: Operator,
    State(engine): State<Engine>,
    TwoNames(key, id): TwoNames,
    params: Params,
) -> Result<Json<Replay>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    Ok(Json(read(&engine, &endpoint, parse_path_id("replay", &id)?).await?))
}

/// Reads a replay of a source environment.
pub(super) async fn read(engine: &Engine, endpoint: &Endpoint, id: Uuid) -> Result<Replay, ApiError> {
    let replay = engine.store.replay(endpoint.id, id).await?;
    replay.map(response::replay).ok_or_else(|| {
        ApiError::not_found(format!("there is no replay {id} here; GET …/replays lists those there are"))
    })
}
