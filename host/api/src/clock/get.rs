//! `GET /v1/clock`

use axum::{Json, extract::State};
use inlet_api_types::clock::Clock;
use inlet_engine::Engine;

use super::response;
use crate::{auth::Operator, error::ApiError};

/// Returns the time of the system's clock and the store's time, by which retention and idempotency windows are counted.
#[utoipa::path(
    get,
    path = "/v1/clock",
    operation_id = "getClock",
    tag = "administration",
    responses((status = 200, description = "Both times", body = Clock)),
)]
pub async fn get_clock(_: Operator, State(engine): State<Engine>) -> Result<Json<Clock>, ApiError> {
    Ok(Json(response::clock(engine.store.clock().state())))
}
