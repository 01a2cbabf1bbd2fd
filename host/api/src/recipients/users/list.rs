//! `GET /v1/users`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, recipients::users::UserList};
use inlet_core::recipient::USERS;
use inlet_engine::Engine;
use inlet_store::RecipientQuery;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    error::ApiError,
    page::{PageRequest, page_info},
    query::Params,
};

/// Lists the users of an environment, newest first.
#[utoipa::path(
    get,
    path = "/v1/users",
    operation_id = "listUsers",
    tag = "users",
    params(
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("include" = Option<Vec<String>>, Query, description = "`preferences`; they are shown in any case"),
        PageParams,
    ),
    responses((status = 200, description = "The users", body = UserList)),
)]
pub async fn list_users(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let memory = AnswerMemory::new(&engine);
    let query = RecipientQuery::all(reader.environment_id, USERS);
    let page = engine.store.recipients(&query, cursor, limit, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |user| user.seq);
    memory.answer(UserList { entries: page.items.iter().map(response::user).collect(), page_info })
}
