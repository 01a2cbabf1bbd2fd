//! `GET /v1/sources/{key}/refused`

use axum::{Json, extract::State};
use inlet_api_types::{PageInfo, PageParams};
use inlet_core::time;
use inlet_engine::Engine;
use inlet_store::RefusedRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator,
    error::ApiError,
    page::{PageRequest, page_info},
    path::Name,
    query::Params,
    sources::lookup::queried_endpoint,
};

/// A page of refused requests, newest first.
#[derive(Serialize, ToSchema)]
pub struct RefusedRequests {
    /// The requests, without their bodies.
    entries: Vec<ShownRefused>,
    /// What lies around the page.
    page_info: PageInfo,
}

/// A request that verification refused.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusedRequest)]
pub struct ShownRefused {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// When it came.
    #[schema(format = DateTime)]
    received_at: String,
    /// Why it was refused: `failed`, `missing`, `not_configured` or `partly_signed`, for example.
    cause: String,
    /// Upper case; null for one that an earlier version kept.
    #[schema(required)]
    method: Option<String>,
    /// What follows the endpoint's token; null for one that an earlier version kept.
    #[schema(required)]
    path: Option<String>,
    /// Bytes of its body.
    size: u64,
    /// SHA-256 of its body, in hexadecimal digits.
    digest: String,
    /// Whether its body is still kept, so that it can be verified again. Of a source environment the newest 1000
    /// requests are kept, and of their bodies the newest 64 MiB.
    has_body: bool,
}

impl ShownRefused {
    fn of(request: RefusedRequest) -> Self {
        Self {
            id: request.id.to_string(),
            received_at: time::write_ms(request.received_at_ms),
            cause: request.cause,
            method: request.method,
            path: request.path,
            size: request.size,
            digest: hex::encode(request.digest),
            has_body: request.has_body,
        }
    }
}

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
    responses((status = 200, description = "The refused requests", body = RefusedRequests)),
)]
pub async fn list_refused(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<RefusedRequests>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let page = engine.store.refused(endpoint.id, cursor, limit).await?;
    let page_info = page_info(&page, limit, |request| request.id);
    Ok(Json(RefusedRequests { entries: page.items.into_iter().map(ShownRefused::of).collect(), page_info }))
}
