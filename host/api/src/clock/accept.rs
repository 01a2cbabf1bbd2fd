//! `POST /v1/clock/accept`

use axum::{Json, extract::State};
use inlet_api_types::clock::Clock;
use inlet_engine::{Engine, change_log};

use super::response;
use crate::{auth::Operator, completion::to_completion, error::ApiError};

/// Lets the store's time continue at the time of the system's clock. Retention then deletes what is too old by that clock.
#[utoipa::path(
    post,
    path = "/v1/clock/accept",
    operation_id = "acceptSystemTime",
    tag = "administration",
    responses((status = 200, description = "Both times, which agree", body = Clock)),
)]
pub async fn accept_system_time(operator: Operator, State(engine): State<Engine>) -> Result<Json<Clock>, ApiError> {
    let log = change_log::system_time_accepted(operator.author(), engine.store.clock().state());
    let name = operator.name().to_owned();
    let state = to_completion(async move {
        engine.store.accept_system_time(log).await?;
        engine.wake_retention();
        tracing::info!(by = name, "the time of the system's clock was accepted for retention and idempotency windows");
        Ok::<_, ApiError>(engine.store.clock().state())
    })
    .await?;
    Ok(Json(response::clock(state)))
}
