//! `DELETE /v1/users/{id}`

use axum::{extract::State, http::StatusCode};
use bytestring::ByteString;
use inlet_core::{json, log::Outcome};
use inlet_engine::{
    Engine,
    recipients::{Operation, OperationType},
};

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

/// Deletes a user.
///
/// Later triggers that name the user skip it, until it is identified again. Logs and runs that name it stay until their
/// retention.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}",
    operation_id = "deleteUser",
    tag = "users",
    params(("id" = String, Path, description = "The user")),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_user(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<StatusCode, ApiError> {
    ids::checked("id", &id)?;
    let call = Call::begin(&engine, &key, 0)?;
    match call.carry_out(delete(&id)?).await?.outcome {
        Outcome::Skipped => Err(missing(&id)),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// Plans the deletion of a user, whose id was checked.
pub fn delete(id: &str) -> Result<Operation, ApiError> {
    let parameters = json::object([("user_id", ids::constant(id).as_str())]);
    let operation = call::plan(OperationType::UsersDelete, ByteString::from_static("{}"), &parameters)?;
    Ok(operation.about_user(id))
}
