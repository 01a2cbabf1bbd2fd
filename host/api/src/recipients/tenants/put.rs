//! `PUT /v1/tenants/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::tenants::{Tenant, TenantRequest};
use inlet_core::{json, recipient::TENANTS};
use inlet_engine::{Engine, recipients::OperationType};

use super::{missing, response};
use crate::{
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::Name,
    query::Params,
    recipients::{
        call::{self, Call},
        ids, properties,
        read::read_back,
    },
};

/// Sets a tenant: creates it, or merges the properties into those that it has.
///
/// Objects are merged member by member, null overwrites, and no property is ever removed. Custom properties may take 256 KB
/// in all.
#[utoipa::path(
    put,
    path = "/v1/tenants/{id}",
    operation_id = "setTenant",
    tag = "tenants",
    params(
        ("id" = String, Path, description = "The tenant: 1 to 256 characters, no `/` and no `#`"),
        ("resolve_full_preference_settings" = Option<bool>, Query, description = "Accepted for compatibility; it changes nothing"),
    ),
    request_body = TenantRequest,
    responses((status = 200, description = "The tenant, after the merge", body = Tenant)),
)]
pub async fn set_tenant(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
    body: JsonBody,
) -> Result<Response, ApiError> {
    params.flag("resolve_full_preference_settings")?;
    ids::checked("id", &id)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let body = body.into_object()?;
    properties::check_tenant("", &body)?;
    let parameters = json::object([("id", ids::constant(&id).as_str()), ("properties", r#""data""#)]);
    call.carry_out(call::plan(OperationType::TenantsSet, body, &parameters)?).await?;
    read_back(&engine, key.environment_id, TENANTS, &id, response::tenant, missing).await
}
