//! `POST /v1/deliveries/{id}/redrive`

use axum::{Json, extract::State};
use inlet_api_types::deliveries::Delivery;
use inlet_core::delivery::DeliveryStatus;
use inlet_engine::{Engine, change_log};
use inlet_store::{RedriveSlice, SelectedDeliveries};

use super::{read, response};
use crate::{
    auth::Operator,
    completion::to_completion,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

/// Sends a dead delivery again, with the same key and body and a new retry schedule. One that waits for a retry is sent at once.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{id}/redrive",
    operation_id = "redriveDelivery",
    tag = "deliveries",
    params(
        ("id" = String, Path, description = "The delivery"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The delivery, which is sent again", body = Delivery)),
)]
pub async fn redrive_delivery(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Json<Delivery>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let delivery = to_completion(async move {
        let (listed, _) = read(&engine, &environment, &id).await?;
        check(listed.delivery.status)?;
        let resource = format!("deliveries/{}", listed.delivery.id);
        let log = change_log::deliveries_changed(operator.author(), "redriveDelivery", &environment, resource, None);
        let selected = SelectedDeliveries::One(listed.delivery.id);
        engine.store.deliveries_redrive(environment.id, selected, RedriveSlice::at_once(1), Some(log)).await?;
        tracing::info!(delivery = %listed.delivery.id, environment = environment.slug, "a delivery was sent again");
        let (listed, attempts) = read(&engine, &environment, &id).await?;
        Ok(response::whole_delivery(listed, attempts, environment.hide_personal_data))
    })
    .await?;
    Ok(Json(delivery))
}

/// Refuses a delivery that needs no redrive.
fn check(status: DeliveryStatus) -> Result<(), ApiError> {
    let message = match status {
        DeliveryStatus::Dead | DeliveryStatus::Retrying => return Ok(()),
        DeliveryStatus::Pending => "it was not sent yet, and is as soon as its target takes it; see the target's state",
        DeliveryStatus::Delivered => {
            "its target took it, and is not told twice; POST …/logs/{id}/replay makes a new run"
        }
        DeliveryStatus::Canceled => "it was canceled; POST …/logs/{id}/replay makes a new run",
    };
    Err(ApiError::new(Kind::Conflict, message))
}
