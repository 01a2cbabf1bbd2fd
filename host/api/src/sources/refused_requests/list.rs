//! `GET /v1/sources/{key}/refused`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    refused_requests::{RefusedRequest, RefusedRequestList},
};
use inlet_core::{time, verification::RefusalCause};
use inlet_engine::Engine;
use inlet_store::RefusedRequest as RefusedRecord;

use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    page::{PageRequest, page_info},
    path::Name,
    query::Params,
    sources::lookup::queried_endpoint,
};

/// Lists requests that verification refused, newest first.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/refused",
    operation_id = "listRefusedRequests",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
        PageParams,
    ),
    responses((status = 200, description = "The refused requests", body = RefusedRequestList)),
)]
pub async fn list_refused(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Response, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.refused_within(endpoint.id, cursor, limit, &memory).await?;
    let page = page.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |request| request.id);
    memory.answer(RefusedRequestList { entries: page.items.into_iter().map(refused_request).collect(), page_info })
}

pub(super) fn refused_request(record: RefusedRecord) -> RefusedRequest {
    RefusedRequest {
        id: record.id.to_string(),
        received_at: time::write_ms(record.received_at_ms),
        reason: record.reason.or_else(|| RefusalCause::named(&record.cause).map(|cause| cause.meaning.to_owned())),
        what_to_do: RefusalCause::what_to_do_about(&record.cause).to_owned(),
        cause: record.cause,
        method: record.method,
        path: record.path,
        size: record.size,
        digest: hex::encode(record.digest),
        has_body: record.has_body,
    }
}
