//! `GET /v1/deliveries/{id}`

use axum::{Json, extract::State};
use inlet_api_types::deliveries::Delivery;
use inlet_engine::Engine;

use super::{read, response};
use crate::{auth::Operator, error::ApiError, path::Name, query::Params};

/// Returns a delivery with its attempts.
#[utoipa::path(
    get,
    path = "/v1/deliveries/{id}",
    operation_id = "getDelivery",
    tag = "deliveries",
    params(
        ("id" = String, Path, description = "The delivery"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The delivery", body = Delivery)),
)]
pub async fn get_delivery(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Json<Delivery>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let (listed, attempts) = read(&engine, &environment, &id).await?;
    Ok(Json(response::whole_delivery(listed, attempts, environment.hide_personal_data)))
}
