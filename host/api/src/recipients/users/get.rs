//! `GET /v1/users/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::users::User;
use inlet_core::recipient::USERS;
use inlet_engine::Engine;

use super::{missing, response};
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
