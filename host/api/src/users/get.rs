//! `GET /v1/users/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::users::User;
use inlet_engine::Engine;

use super::response;
use crate::{answer_memory::AnswerMemory, auth::EnvironmentKey, error::ApiError, path::Name};

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
    let memory = AnswerMemory::new(&engine);
    let found = engine.store.user(key.environment_id, &id, &memory).await?;
    match found.ok_or_else(AnswerMemory::exhausted)? {
        Some(record) => memory.answer(response::user(&record)),
        None => Err(ApiError::not_found(format!("no user {id:?} was identified in this key's environment"))),
    }
}
