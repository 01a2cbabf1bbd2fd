//! `GET /v1/users`

use axum::{Json, extract::State};
use inlet_engine::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use super::shown::{ShownUser, User};
use crate::{
    auth::EnvironmentKey,
    error::ApiError,
    page::{PageInfo, PageParams, PageRequest},
    query::Params,
};

/// A page of users, the last created first.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    /// The users.
    #[schema(value_type = Vec<ShownUser>)]
    entries: Vec<User>,
    /// What lies around the page.
    page_info: PageInfo,
}

/// Lists the users of the key's environment, the last created first.
#[utoipa::path(
    get,
    path = "/v1/users",
    operation_id = "listUsers",
    tag = "users",
    params(PageParams),
    responses((status = 200, description = "The users", body = UserList)),
    security(("api_key" = [])),
)]
pub async fn list_users(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<UserList>, ApiError> {
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let page = engine.store.users(key.environment_id, cursor, limit).await?;
    let page_info = PageInfo::of(&page, limit, |user| user.seq);
    Ok(Json(UserList { entries: page.items.iter().map(User::of).collect(), page_info }))
}
