//! `POST /v1/sources/{key}/replays`

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::replays::{CreateReplay, Replay};
use inlet_engine::{Engine, change_log};
use inlet_store::{ChangeError, NewReplay};

use super::{request, response};
use crate::{
    auth::Operator,
    body::Body,
    completion::to_completion,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
    sources::lookup::queried_endpoint,
};

/// Starts a replay: carries many stored events out again in the background, as if their sender had sent them again.
///
/// One replay runs in a source environment at a time. It continues after a restart, and carries out no event twice.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/replays",
    operation_id = "createReplay",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = CreateReplay,
    responses((status = 202, description = "The replay, which begins", body = Replay)),
)]
pub async fn create_replay(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<CreateReplay>,
) -> Result<(StatusCode, Json<Replay>), ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let rate_per_second = request.rate_per_second();
    let filter = request::filter(request, engine.store.clock().now_ms())?;
    let id = engine.store.clock().new_id();
    let filter_json = serde_json::to_string(&filter).ok();
    let log = change_log::repaired(operator.author(), &endpoint, "createReplay", &format!("replays/{id}"), filter_json);
    let new = NewReplay { id, source_environment_id: endpoint.id, filter, rate_per_second };
    let created = to_completion(async move {
        engine.store.replay_create(new, log).await.map_err(|error| match error {
            ChangeError::Taken { .. } => ApiError::new(
                Kind::Conflict,
                "a replay is running here already; wait for its end, or cancel it with DELETE",
            ),
            error => error.into(),
        })?;
        tracing::info!(source = endpoint.source, environment = endpoint.environment, replay = %id, "a replay begins");
        engine
            .store
            .replay(endpoint.id, id)
            .await?
            .ok_or_else(|| ApiError::not_found("the replay was removed in the meantime"))
    })
    .await?;
    Ok((StatusCode::ACCEPTED, Json(response::replay(created))))
}
