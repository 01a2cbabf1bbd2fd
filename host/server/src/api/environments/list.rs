//! `GET /v1/environments`

use axum::{Json, extract::State};
use inlet_core::time;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{auth::Operator, page::PageInfo},
    app::App,
};

/// All environments, in the order of their creation.
#[derive(Serialize, ToSchema)]
pub struct EnvironmentList {
    /// The environments.
    entries: Vec<ListedEnvironment>,
    /// Nothing lies around: the list is whole.
    page_info: PageInfo,
}

/// An isolated world of users, mappings, logs and keys.
#[derive(Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct ListedEnvironment {
    /// In URLs; unique.
    slug: String,
    /// For people.
    name: String,
    /// How long its logs are kept, in days.
    retention_days: i64,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Lists all environments.
#[utoipa::path(
    get,
    path = "/v1/environments",
    operation_id = "listEnvironments",
    tag = "environments",
    responses((status = 200, description = "The environments", body = EnvironmentList)),
    security(("management_token" = [])),
)]
pub async fn list_environments(_: Operator, State(app): State<App>) -> Json<EnvironmentList> {
    let configuration = app.configuration();
    let listed = configuration.environments.iter().map(|environment| ListedEnvironment {
        slug: environment.slug.clone(),
        name: environment.name.clone(),
        retention_days: environment.retention_days,
        created_at: time::write_ms(environment.created_at_ms),
    });
    let entries: Vec<_> = listed.collect();
    Json(EnvironmentList { page_info: PageInfo::whole(entries.len()), entries })
}
