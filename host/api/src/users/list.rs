//! `GET /v1/users`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, users::UserList};
use inlet_engine::Engine;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
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
    params(
        ("include" = Option<Vec<String>>, Query, description = "`preferences`; they are shown in any case"),
        PageParams,
    ),
    responses((status = 200, description = "The users", body = UserList)),
)]
pub async fn list_users(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.users(key.environment_id, cursor, limit, &memory).await?;
    let page = page.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |user| user.seq);
    memory.answer(UserList { entries: page.items.iter().map(response::user).collect(), page_info })
}
