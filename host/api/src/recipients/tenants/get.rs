//! `GET /v1/tenants/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::tenants::Tenant;
use inlet_core::recipient::TENANTS;
use inlet_engine::Engine;

use super::{missing, response};
use crate::{auth::EnvironmentReader, error::ApiError, path::Name, query::Params, recipients::read::read_back};

/// A tenant of an environment.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}",
    operation_id = "getTenant",
    tag = "tenants",
    params(
        ("id" = String, Path, description = "The tenant"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("resolve_full_preference_settings" = Option<bool>, Query, description = "Accepted for compatibility; it changes nothing"),
    ),
    responses((status = 200, description = "The tenant", body = Tenant)),
)]
pub async fn get_tenant(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    params.flag("resolve_full_preference_settings")?;
    read_back(&engine, reader.environment_id, TENANTS, &id, response::tenant, missing).await
}
