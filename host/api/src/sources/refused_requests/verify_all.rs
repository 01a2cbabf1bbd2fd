//! `POST /v1/sources/{key}/refused/verify`

use std::sync::Arc;

use axum::{Json, extract::State};
use inlet_core::Uuid;
use inlet_engine::{
    Engine,
    replay::refused::{NotDone, Verified, verify_again},
    snapshot::Endpoint,
};
use inlet_store::Cursor;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator, body::JsonBody, completion::to_completion, error::ApiError, path::Name, query::Params,
    sources::lookup::queried_endpoint,
};

/// The most requests that are verified: as many as a source environment keeps.
const MAX_REQUESTS: usize = 1000;
const PAGE: usize = 100;

/// In which order, and how many.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `read` reads")]
pub struct VerifyAll {
    /// `oldest` first, or `newest`; `oldest` if absent.
    order: Option<String>,
    /// At most so many; 1000 if absent, which is all.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// What came of verifying refused requests again.
#[derive(Serialize, ToSchema, Default)]
pub struct VerifiedRequests {
    /// Requests that were let in.
    verified: usize,
    /// Their items.
    events: usize,
    /// Requests that do not verify now either, and stay.
    refused: usize,
    /// Requests of which only cause, size and digest are kept.
    not_kept: usize,
}

/// Verifies all refused requests again with the present signing secret, one after the other.
///
/// Requests that verify now are accepted as if they had just been received. The others stay refused. The body is optional.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/refused/verify",
    operation_id = "verifyRefusedRequests",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = Option<VerifyAll>,
    responses((status = 200, description = "How many were let in", body = VerifiedRequests)),
)]
pub async fn verify_all_refused(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    body: Option<JsonBody>,
) -> Result<Json<VerifiedRequests>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let (oldest_first, limit) = body.as_ref().map_or(Ok((true, MAX_REQUESTS)), read)?;
    let verified = to_completion(async move {
        let mut ids = ids(&engine, &endpoint).await?;
        if oldest_first {
            ids.reverse();
        }
        ids.truncate(limit);
        verify(&engine, &endpoint, ids, &operator).await
    })
    .await?;
    Ok(Json(verified))
}

fn read(body: &JsonBody) -> Result<(bool, usize), ApiError> {
    let mut top = body.given().object()?;
    let (order, limit) = (top.take_some("order"), top.take_some("limit"));
    top.finish()?;
    let oldest_first = order.map_or(Ok(true), |given| match given.string()?.as_str() {
        "oldest" => Ok(true),
        "newest" => Ok(false),
        _ => Err(given.refuse("expected oldest or newest")),
    })?;
    let limit = limit.map_or(Ok(MAX_REQUESTS), |given| {
        let limit = given.text.trim().parse().ok().filter(|limit| (1..=MAX_REQUESTS).contains(limit));
        limit.ok_or_else(|| given.refuse(format!("expected a whole number from 1 to {MAX_REQUESTS}")))
    })?;
    Ok((oldest_first, limit))
}

/// Returns the ids of the refused requests, newest first.
async fn ids(engine: &Engine, endpoint: &Endpoint) -> Result<Vec<Uuid>, ApiError> {
    let (mut ids, mut cursor) = (Vec::new(), Cursor::Start);
    while ids.len() < MAX_REQUESTS {
        let page = engine.store.refused(endpoint.id, cursor, PAGE).await?;
        ids.extend(page.items.iter().map(|request| request.id));
        match page.items.last().filter(|_| page.has_after) {
            Some(last) => cursor = Cursor::After(last.id),
            None => break,
        }
    }
    Ok(ids)
}

async fn verify(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    ids: Vec<Uuid>,
    operator: &Operator,
) -> Result<VerifiedRequests, ApiError> {
    let mut done = VerifiedRequests::default();
    for id in ids {
        match verify_again(engine, endpoint, id, operator.author()).await {
            Ok(Verified::Taken(settled)) => {
                done.verified += 1;
                done.events += settled.len();
            }
            Ok(Verified::Stays(_)) => done.refused += 1,
            Ok(Verified::NotKept) => done.not_kept += 1,
            // Newer requests displaced it, or a concurrent verification accepted it.
            Err(NotDone::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    tracing::info!(
        source = endpoint.source,
        environment = endpoint.environment,
        verified = done.verified,
        refused = done.refused,
        "refused requests were verified again"
    );
    Ok(done)
}
