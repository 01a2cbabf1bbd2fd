//! `GET /v1/users`

use axum::{Json, extract::State};
use inlet_api_types::{PageParams, users::UserList};
use inlet_engine::Engine;

use super::response;
use crate::{
    auth::EnvironmentKey,
    error::ApiError,
    page::{PageRequest, page_info},
    query::Params,
};

/// Lists the users of the key's environment, newest first.
#[utoipa::path(
    get,
    path = "/v1/users",
    operation_id = "listUsers",
    tag = "users",
    params(PageParams),
    responses((status = 200, description = "The users", body = UserList)),
)]
pub async fn list_users(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<UserList>, ApiError> {
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let page = engine.store.users(key.environment_id, cursor, limit).await?;
    let page_info = page_info(&page, limit, |user| user.seq);
    Ok(Json(UserList { entries: page.items.iter().map(response::user).collect(), page_info }))
}
