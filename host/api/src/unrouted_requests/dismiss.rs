//! `POST /v1/unrouted_requests/dismiss`

use axum::{Json, extract::State};
use inlet_api_types::{attention::Dismissed, unrouted_requests::DismissUnroutedRequests};
use inlet_engine::Engine;

use crate::{auth::Operator, body::Body, error::ApiError};

/// Marks the requests that led to no endpoint for one cause as known. The cause is listed again, counted from one, when
/// another request comes.
///
/// Where servers share a database, those of all servers are dismissed, but for some of the last seconds.
#[utoipa::path(
    post,
    path = "/v1/unrouted_requests/dismiss",
    operation_id = "dismissUnroutedRequests",
    tag = "repair",
    request_body = DismissUnroutedRequests,
    responses((status = 200, description = "How many were dismissed", body = Dismissed)),
)]
pub async fn dismiss_unrouted(
    operator: Operator,
    State(engine): State<Engine>,
    Body(request): Body<DismissUnroutedRequests>,
) -> Result<Json<Dismissed>, ApiError> {
    let Some(dismissed) = engine.dismiss_unrouted_requests(&request.cause).await? else {
        let message = format!("no request is counted for {:?}; it may have been dismissed already", request.cause);
        return Err(ApiError::not_found(message));
    };
    tracing::info!(
        cause = request.cause,
        dismissed,
        by = operator.name(),
        "requests that led to no endpoint were dismissed"
    );
    Ok(Json(Dismissed { dismissed }))
}
