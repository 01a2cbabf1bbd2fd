//! `DELETE /v1/tenants/{id}`

use axum::{extract::State, http::StatusCode};
use bytestring::ByteString;
use inlet_core::{json, log::Outcome};
use inlet_engine::{Engine, recipients::OperationType};

use super::missing;
use crate::{
    auth::EnvironmentKey,
    error::ApiError,
    path::Name,
    recipients::{
        call::{self, Call},
        ids,
    },
};

/// Deletes a tenant.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{id}",
    operation_id = "deleteTenant",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_tenant(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<StatusCode, ApiError> {
    ids::checked("id", &id)?;
    let call = Call::begin(&engine, &key, 0)?;
    let parameters = json::object([("id", ids::constant(&id).as_str())]);
    let operation = call::plan(OperationType::TenantsDelete, ByteString::from_static("{}"), &parameters)?;
    match call.carry_out(operation).await?.outcome {
        Outcome::Skipped => Err(missing(&id)),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
