//! `GET /v1/objects/{collection}`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, recipients::objects::ObjectList};
use inlet_engine::Engine;
use inlet_store::RecipientQuery;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    error::ApiError,
    page::{PageRequest, page_info},
    path::Name,
    query::Params,
    recipients::ids,
};

/// Lists the objects of a collection, newest first. A collection without objects is empty.
#[utoipa::path(
    get,
    path = "/v1/objects/{collection}",
    operation_id = "listObjects",
    tag = "objects",
    params(
        ("collection" = String, Path, description = "The collection"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("include" = Option<Vec<String>>, Query, description = "`preferences`; they are shown in any case"),
        PageParams,
    ),
    responses((status = 200, description = "The objects", body = ObjectList)),
)]
pub async fn list_objects(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(collection): Name,
    params: Params,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    ids::checked_collection(&collection)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let memory = AnswerMemory::new(&engine);
    let query = RecipientQuery::all(reader.environment_id, &collection);
    let page = engine.store.recipients(&query, cursor, limit, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |object| object.seq);
    memory.answer(ObjectList { entries: page.items.iter().map(response::object).collect(), page_info })
}
