//! `GET /v1/users/{id}`

use axum::{Json, extract::State};
use inlet_api_types::users::User;
use inlet_engine::Engine;

use super::response;
use crate::{auth::EnvironmentKey, error::ApiError, path::Name};

/// A user of the key's environment.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    operation_id = "getUser",
    tag = "users",
    params(("id" = String, Path, description = "The user")),
    responses((status = 200, description = "The user", body = User)),
)]
pub async fn get_user(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Json<User>, ApiError> {
    match engine.store.user(key.environment_id, &id).await? {
        Some(record) => Ok(Json(response::user(&record))),
        None => Err(ApiError::not_found(format!("no user {id:?} was identified in this key's environment"))),
    }
}
