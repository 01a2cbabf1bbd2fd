//! `DELETE /v1/sources/{key}/replays/{id}`

use axum::{Json, extract::State};
use inlet_api_types::replays::Replay;
use inlet_engine::{Engine, change_log};

use super::get;
use crate::{
    auth::Operator,
    completion::to_completion,
    error::{ApiError, Kind},
    path::TwoNames,
    query::Params,
    sources::lookup::{parse_path_id, queried_endpoint},
};

/// Cancels a running replay. Events that it carried out stay carried out.
#[utoipa::path(
    delete,
    path = "/v1/sources/{key}/replays/{id}",
    operation_id = "cancelReplay",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("id" = String, Path, description = "The replay"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The replay, cancelled", body = Replay)),
)]
pub async fn cancel_replay(
    operator: Operator,
    State(engine): State<Engine>,
    TwoNames(key, id): TwoNames,
    params: Params,
) -> Result<Json<Replay>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let id = parse_path_id("replay", &id)?;
    let log = change_log::repaired(operator.author(), &endpoint, "cancelReplay", &format!("replays/{id}"), None);
    let shown = to_completion(async move {
        // An unknown replay is a 404, not a conflict.
        get::read(&engine, &endpoint, id).await?;
        if !engine.store.replay_end(endpoint.id, id, Some(log)).await? {
            return Err(ApiError::new(Kind::Conflict, "the replay has ended already; there is nothing to cancel"));
        }
        tracing::info!(source = endpoint.source, environment = endpoint.environment, replay = %id, "a replay was cancelled");
        get::read(&engine, &endpoint, id).await
    })
    .await?;
    Ok(Json(shown))
}
