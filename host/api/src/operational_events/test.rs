//! `POST /v1/operational_events/test`

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::operational_events::OperationalEvent;
use inlet_core::operational::{OperationalEvent as NewEvent, OperationalEventType, RaiseRule};
use inlet_engine::Engine;
use inlet_store::Raised;

use super::response::operational_event;
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
};

/// Sends an event of the type `test` to the webhook for operational events. The list shows whether it was taken.
#[utoipa::path(
    post,
    path = "/v1/operational_events/test",
    operation_id = "testOperationalEvents",
    tag = "administration",
    responses((status = 201, description = "The event, which is sent soon", body = OperationalEvent)),
)]
pub async fn test_operational_events(
    operator: Operator,
    State(engine): State<Engine>,
) -> Result<(StatusCode, Json<OperationalEvent>), ApiError> {
    if !engine.options.has_operational_webhook {
        let message = "there is no webhook for operational events; set operational_events_url and \
                       operational_events_secret, and start the server again";
        return Err(ApiError::new(Kind::Conflict, message));
    }
    let reason = format!("{:?} asked for a test", operator.name());
    let event = NewEvent::new(OperationalEventType::Test, None, "test", reason);
    let raised = engine.store.operational_event_raise(event, RaiseRule::Always).await?;
    let record = match raised {
        Raised::New(id) => engine.store.operational_event(id).await?,
        Raised::TooSoon { .. } => None,
    };
    let record = record.ok_or_else(|| ApiError::new(Kind::Unavailable, "the event was dropped at once; try again"))?;
    Ok((StatusCode::CREATED, Json(operational_event(record, &engine.snapshot()))))
}
