//! `GET /v1/environments`

use axum::{Json, extract::State};
use inlet_api_types::{PageInfo, environments::EnvironmentList};
use inlet_engine::Engine;

use super::response;
use crate::auth::Operator;

/// Lists the environments that the token gives access to.
#[utoipa::path(
    get,
    path = "/v1/environments",
    operation_id = "listEnvironments",
    tag = "environments",
    responses((status = 200, description = "The environments", body = EnvironmentList)),
)]
pub async fn list_environments(operator: Operator, State(engine): State<Engine>) -> Json<EnvironmentList> {
    let snapshot = engine.snapshot();
    let own = snapshot.environments.iter().filter(|environment| operator.sees(environment.id));
    let entries: Vec<_> = own.map(response::environment).collect();
    Json(EnvironmentList { page_info: PageInfo::whole(entries.len()), entries })
}
