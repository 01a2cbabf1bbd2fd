//! `GET /v1/tenants/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::tenants::Tenant;
use inlet_core::recipient::TENANTS;
use inlet_engine::Engine;

use super::{missing, response};
use crate::{auth::EnvironmentKey, error::ApiError, path::Name, query::Params, recipients::read::read_back};

/// A tenant of the key's environment.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}",
    operation_id = "getTenant",
    tag = "tenants",
    params(
        ("id" = String, Path, description = "The tenant"),
        ("resolve_full_preference_settings" = Option<bool>, Query, description = "Accepted for compatibility; it changes nothing"),
    ),
    responses((status = 200, description = "The tenant", body = Tenant)),
)]
pub async fn get_tenant(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Response, ApiError> {
    params.flag("resolve_full_preference_settings")?;
    read_back(&engine, &key, TENANTS, &id, response::tenant, missing).await
}
