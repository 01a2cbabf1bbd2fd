//! `GET /v1/users/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::users::User;
use inlet_core::recipient::USERS;
use inlet_engine::Engine;

use super::{missing, response};
use crate::{auth::EnvironmentReader, error::ApiError, path::Name, recipients::read::read_back};

/// A user of an environment.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    operation_id = "getUser",
    tag = "users",
    params(
        ("id" = String, Path, description = "The user"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 200, description = "The user", body = User)),
)]
pub async fn get_user(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    read_back(&engine, reader.environment_id, USERS, &id, response::user, missing).await
}
