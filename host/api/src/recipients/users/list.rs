//! `GET /v1/users`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageInfo, PageParams, recipients::users::UserList};
use inlet_core::recipient::{USERS, check_id};
use inlet_engine::Engine;
use inlet_store::RecipientQuery;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    error::ApiError,
    page::{CursorText, PageRequest, page_info},
    query::Params,
};

/// The longest text that is searched for, in characters.
const MAX_SEARCH_CHARS: usize = 256;

/// The id of a user, as a cursor of a list in the order of ids.
struct IdCursor(String);

impl CursorText for IdCursor {
    fn write(&self) -> String {
        self.0.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn read(text: &str) -> Option<Self> {
        let pairs = text.as_bytes().chunks(2).map(|pair| {
            let digits = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(digits, 16).ok()
        });
        let id = String::from_utf8(pairs.collect::<Option<Vec<u8>>>()?).ok().filter(|id| check_id(id).is_ok())?;
        let cursor = Self(id);
        (cursor.write() == text).then_some(cursor)
    }
}

/// Lists the users of an environment, newest first.
///
/// With `id_prefix` they are listed in the order of their ids. With `search` a page looks at the next 20,000 users and says
/// at how many it looked; the cursors go on from there.
#[utoipa::path(
    get,
    path = "/v1/users",
    operation_id = "listUsers",
    tag = "users",
    params(
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("id_prefix" = Option<String>, Query, description = "With an id that begins with this text"),
        ("search" = Option<String>, Query, description = "With this text in the id, name or email address, whatever the case of a to z"),
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
    match (params.get("id_prefix"), params.get("search")) {
        (None, None) => newest(&reader, &engine, &params).await,
        (Some(prefix), None) => by_prefix(&reader, &engine, &params, prefix).await,
        (None, Some(text)) => by_text(&reader, &engine, &params, text).await,
        (Some(_), Some(_)) => {
            Err(ApiError::invalid("search", "id_prefix is given too; users are searched in one way, give one of them"))
        }
    }
}

async fn newest(reader: &EnvironmentReader, engine: &Engine, params: &Params) -> Result<Response, ApiError> {
    let PageRequest { cursor, limit } = PageRequest::read(params)?;
    let memory = AnswerMemory::new(engine);
    let query = RecipientQuery::all(reader.environment_id, USERS);
    let page = engine.store.recipients(&query, cursor, limit, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |user| user.seq);
    memory.answer(UserList { entries: page.items.iter().map(response::user).collect(), page_info, looked_at: None })
}

async fn by_prefix(
    reader: &EnvironmentReader,
    engine: &Engine,
    params: &Params,
    prefix: &str,
) -> Result<Response, ApiError> {
    let PageRequest { cursor, limit } = PageRequest::<IdCursor>::read(params)?;
    let cursor = cursor.map(|IdCursor(id)| id);
    let memory = AnswerMemory::new(engine);
    let found = engine.store.users_by_prefix(reader.environment_id, prefix, &cursor, limit, &memory).await?;
    let page = found.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |user| IdCursor(user.id.clone()));
    memory.answer(UserList { entries: page.items.iter().map(response::user).collect(), page_info, looked_at: None })
}

async fn by_text(
    reader: &EnvironmentReader,
    engine: &Engine,
    params: &Params,
    text: &str,
) -> Result<Response, ApiError> {
    if text.chars().count() > MAX_SEARCH_CHARS {
        let message = format!("it has more than {MAX_SEARCH_CHARS} characters; search for a shorter text");
        return Err(ApiError::invalid("search", message));
    }
    let PageRequest { cursor, limit } = PageRequest::read(params)?;
    let memory = AnswerMemory::new(engine);
    let found = engine.store.users_by_text(reader.environment_id, text, cursor, limit, &memory).await?;
    let found = found.ok_or_else(AnswerMemory::exhausted)?;
    let write = |seq: i64| CursorText::write(&seq);
    let page_info = PageInfo::new(found.older.map(write), found.newer.map(write), limit);
    let entries = found.users.iter().map(response::user).collect();
    memory.answer(UserList { entries, page_info, looked_at: Some(found.looked_at) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_an_id_reads_back() {
        for id in ["u_42", "é", "a b"] {
            let text = IdCursor(id.to_owned()).write();
            assert_eq!(IdCursor::read(&text).map(|cursor| cursor.0).as_deref(), Some(id));
        }
        for text in ["", "6", "zz", "7G", "C3A9", "ff", "2f"] {
            assert!(IdCursor::read(text).is_none(), "{text}");
        }
    }
}
