//! `GET /v1/users/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::users::User;
use inlet_core::recipient::USERS;
use inlet_engine::Engine;

use super::response;
use crate::{auth::EnvironmentKey, error::ApiError, path::Name, recipients::read::read_back};

/// A user of the key's environment.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    operation_id = "getUser",
    tag = "users",
    params(("id" = String, Path, description = "The user")),
    responses((status = 200, description = "The user", body = User)),
)]
pub async fn get_user(key: EnvironmentKey, State(engine): State<Engine>, Name(id): Name) -> Result<Response, ApiError> {
    read_back(&engine, &key, USERS, &id, response::user, missing).await
}

/// The error for a user that is not there.
pub fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("no user {id:?} was identified in this key's environment"))
}
