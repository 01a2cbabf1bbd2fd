//! `GET /v1/changes`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    changes::{Change, ChangeAuthor, ChangeList},
};
use inlet_core::time;
use inlet_engine::{Engine, snapshot::Snapshot};
use inlet_store::{Author, ChangeQuery, ChangeRecord};

use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    page::{PageRequest, bounded_page_info},
    query::Params,
    stored_json::stored_json,
};

fn change(record: ChangeRecord, snapshot: &Snapshot) -> Change {
    let find = |id: i64| snapshot.environments.iter().find(|known| known.id == id);
    let at = time::write_ms(record.at_ms());
    let Author { token_id, name } = record.author;
    Change {
        id: record.id.to_string(),
        at,
        who: ChangeAuthor { token_id: token_id.map(|id| id.to_string()), name },
        operation: record.operation,
        resource: record.resource,
        environment: record.environment_id.and_then(find).map(|environment| environment.slug.clone()),
        before: record.before.map(stored_json),
        after: record.after.map(stored_json),
    }
}

/// Lists changes made through this API, newest first. Changes are kept for a year, or for the longest retention of an
/// environment if that is longer.
#[utoipa::path(
    get,
    path = "/v1/changes",
    operation_id = "listChanges",
    tag = "administration",
    params(
        ("environment" = Option<String>, Query, description = "In this environment; if absent, in all that the token is good for, and what is about all if it is good everywhere"),
        ("resource" = Option<String>, Query, description = "Of this resource, for example `sources/segment`"),
        ("operation" = Option<String>, Query, description = "By this operation, for example `upsertSource`"),
        ("who" = Option<String>, Query, description = "By the author of this name"),
        PageParams,
    ),
    responses((status = 200, description = "The changes", body = ChangeList)),
)]
pub async fn list_changes(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    let snapshot = engine.snapshot();
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let environment_ids = match params.environment(&snapshot)? {
        Some(environment) => Some(vec![environment.id]),
        None => operator.environment_ids().map(<[i64]>::to_vec),
    };
    let text = |name| params.get(name).map(str::to_owned);
    let (resource, operation, author) = (text("resource"), text("operation"), text("who"));
    let memory = AnswerMemory::new(&engine);
    let page = engine
        .store
        .changes(&ChangeQuery { environment_ids, resource, operation, author, cursor, limit }, &memory)
        .await?;
    let page = page.ok_or_else(AnswerMemory::exhausted)?;
    let (page_info, looked_at) = bounded_page_info(&page, limit, |change| change.id);
    let entries = page.items.into_iter().map(|record| change(record, &snapshot)).collect();
    memory.answer(ChangeList { entries, page_info, looked_at })
}
