//! `GET /v1/targets`

use axum::{Json, extract::State};
use inlet_api_types::{PageInfo, targets::TargetList};
use inlet_engine::Engine;

use super::{response, targets_of};
use crate::{auth::Operator, error::ApiError, query::Params};

/// Lists the targets of an environment, by key, without their secrets.
#[utoipa::path(
    get,
    path = "/v1/targets",
    operation_id = "listTargets",
    tag = "deliveries",
    params(("environment" = String, Query, description = "The environment")),
    responses((status = 200, description = "The targets", body = TargetList)),
)]
pub async fn list_targets(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<TargetList>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.required_environment(&snapshot)?;
    operator.may_see(environment)?;
    let records = targets_of(&engine, environment).await?;
    let open = engine.store.open_deliveries().await?;
    let mut entries = Vec::with_capacity(records.len());
    for record in records {
        entries.push(response::target(&engine, record, &open).await?);
    }
    Ok(Json(TargetList { page_info: PageInfo::whole(entries.len()), entries }))
}
