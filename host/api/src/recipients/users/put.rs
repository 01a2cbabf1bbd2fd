//! `PUT /v1/users/{id}`

use axum::{extract::State, response::Response};
use bytestring::ByteString;
use inlet_api_types::recipients::users::{User, UserRequest};
use inlet_core::{json, recipient::USERS};
use inlet_engine::{
    Engine,
    recipients::{Operation, OperationType},
};

use super::{missing, response};
use crate::{
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::Name,
    recipients::{
        call::{self, Call},
        ids, properties,
        read::read_back,
    },
};

/// Identifies a user: creates it, or merges the properties into those that it has.
///
/// Objects are merged member by member, null overwrites, and no property is ever removed. `phone` and `createdAt` count as
/// `phone_number` and `created_at`, as in an event. Custom properties may take 256 KB in all.
#[utoipa::path(
    put,
    path = "/v1/users/{id}",
    operation_id = "identifyUser",
    tag = "users",
    params(("id" = String, Path, description = "The user: 1 to 256 characters, no `/` and no `#`")),
    request_body = UserRequest,
    responses((status = 200, description = "The user, after the merge", body = User)),
)]
pub async fn identify_user(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
    body: JsonBody,
) -> Result<Response, ApiError> {
    ids::checked("id", &id)?;
    let call = Call::begin(&engine, &key, body.len())?;
    call.carry_out(identify(&id, body.into_object()?)?).await?;
    read_back(&engine, key.environment_id, USERS, &id, response::user, missing).await
}

/// Plans the identification of a user, whose id was checked. `properties` is a JSON object.
pub fn identify(id: &str, properties: ByteString) -> Result<Operation, ApiError> {
    properties::check_user("", &properties)?;
    let parameters = json::object([("user_id", ids::constant(id).as_str()), ("properties", r#""data""#)]);
    Ok(call::plan(OperationType::UsersIdentify, properties, &parameters)?.about_user(id))
}
