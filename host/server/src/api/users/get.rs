//! `GET /v1/users/{id}`

use axum::{Json, extract::State};

use super::shown::{ShownUser, User};
use crate::{
    api::{auth::EnvironmentKey, error::ApiError, path::Name},
    app::App,
};

/// A user of the key's environment.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    operation_id = "getUser",
    tag = "users",
    params(("id" = String, Path, description = "The user")),
    responses((status = 200, description = "The user", body = ShownUser)),
    security(("api_key" = [])),
)]
pub async fn get_user(key: EnvironmentKey, State(app): State<App>, Name(id): Name) -> Result<Json<User>, ApiError> {
    match app.store.user(key.environment_id, &id).await? {
        Some(record) => Ok(Json(User::of(&record))),
        None => Err(ApiError::not_found(format!("no user {id:?} was identified in this key's environment"))),
    }
}
