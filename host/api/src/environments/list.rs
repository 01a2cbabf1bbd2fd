//! `GET /v1/environments`

use axum::{Json, extract::State};
use inlet_engine::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use super::shown::ShownEnvironment;
use crate::{auth::Operator, page::PageInfo};

/// All environments, in the order of their creation.
#[derive(Serialize, ToSchema)]
pub struct EnvironmentList {
    /// The environments.
    entries: Vec<ShownEnvironment>,
    /// Nothing lies around: the list is whole.
    page_info: PageInfo,
}

/// Lists all environments that the token is good for.
#[utoipa::path(
    get,
    path = "/v1/environments",
    operation_id = "listEnvironments",
    tag = "environments",
    responses((status = 200, description = "The environments", body = EnvironmentList)),
    security(("management_token" = [])),
)]
pub async fn list_environments(operator: Operator, State(engine): State<Engine>) -> Json<EnvironmentList> {
    let snapshot = engine.snapshot();
    let own = snapshot.environments.iter().filter(|environment| operator.sees(environment.id));
    let entries: Vec<_> = own.map(ShownEnvironment::of).collect();
    Json(EnvironmentList { page_info: PageInfo::whole(entries.len()), entries })
}
