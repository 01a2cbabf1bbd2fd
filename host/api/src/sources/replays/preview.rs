//! `POST /v1/sources/{key}/replays/preview`

use axum::{Json, extract::State};
use inlet_api_types::replays::{CreateReplay, ReplayPreview};
use inlet_engine::{Engine, replay::preview};

use super::request;
use crate::{
    auth::Operator,
    body::Body,
    error::ApiError,
    path::Name,
    query::Params,
    sources::{logs::personal_data::HIDDEN, lookup::queried_endpoint, rehearsal::totals},
};

/// Counts the events of a replay, and rehearses the oldest ones, at most 20 and for two seconds. Nothing is written.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/replays/preview",
    operation_id = "previewReplay",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = CreateReplay,
    responses((status = 200, description = "What the replay would do", body = ReplayPreview)),
)]
pub async fn preview_replay(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<CreateReplay>,
) -> Result<Json<ReplayPreview>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let filter = request::filter(request, engine.store.clock().now_ms())?;
    let found = preview::preview(&engine, endpoint.clone(), &filter).await?;
    let hides = endpoint.hides_personal_data;
    Ok(Json(ReplayPreview {
        total: found.total,
        has_more: found.has_more,
        rehearsed: found.rehearsed,
        failed: found.failed,
        last_error: found.last_error.map(|error| if hides { HIDDEN.to_owned() } else { error }),
        totals: totals(found.totals, hides),
    }))
}
