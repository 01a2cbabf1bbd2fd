//! `POST /v1/sources/{key}/refused/verify`

use std::sync::Arc;

use axum::{Json, extract::State};
use inlet_api_types::refused_requests::{VerifiedRequests, VerifyRefusedRequests};
use inlet_core::Uuid;
use inlet_engine::{
    Engine,
    replay::refused_requests::{VerifiedAgain, VerifyAgainError, verify_again},
    snapshot::Endpoint,
};
use inlet_store::Cursor;

use super::dismiss::parse_cause;
use crate::{
    answer_memory::AnswerMemory, auth::Operator, body::Body, completion::to_completion, error::ApiError, path::Name,
    query::Params, sources::lookup::queried_endpoint,
};

/// The most requests that are read: as many as a source environment keeps.
const MAX_REQUESTS: usize = 1000;
/// The requests that are read at a time.
const PAGE: usize = 100;

/// Verifies all refused requests again with the present signing secret and settings, one after the other.
///
/// Requests that verify now, or all if verification is no longer enforced, are accepted as if they had just been received. The others stay refused. The body is optional.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/refused/verify",
    operation_id = "verifyRefusedRequests",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = Option<VerifyRefusedRequests>,
    responses((status = 200, description = "How many were let in", body = VerifiedRequests)),
)]
pub async fn verify_all_refused(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    request: Option<Body<VerifyRefusedRequests>>,
) -> Result<Json<VerifiedRequests>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let request = request.map(|Body(request)| request).unwrap_or_default();
    let cause = request.cause.as_deref().map(parse_cause).transpose()?;
    let oldest_first = is_oldest_first(request.order.as_deref())?;
    let verified = to_completion(async move {
        let mut ids = ids(&engine, &endpoint, cause.as_deref()).await?;
        if oldest_first {
            ids.reverse();
        }
        ids.truncate(request.limit());
        verify(&engine, &endpoint, ids, &operator).await
    })
    .await?;
    Ok(Json(verified))
}

fn is_oldest_first(order: Option<&str>) -> Result<bool, ApiError> {
    match order {
        None | Some("oldest") => Ok(true),
        Some("newest") => Ok(false),
        Some(_) => Err(ApiError::invalid("order", "expected oldest or newest")),
    }
}

/// Returns the ids of the refused requests, of one cause or all, newest first.
async fn ids(engine: &Engine, endpoint: &Endpoint, cause: Option<&str>) -> Result<Vec<Uuid>, ApiError> {
    let (mut ids, mut cursor) = (Vec::new(), Cursor::Start);
    while ids.len() < MAX_REQUESTS {
        let memory = AnswerMemory::new(engine);
        let page = engine.store.refused_within(endpoint.id, cursor, PAGE, &memory).await?;
        let page = page.ok_or_else(AnswerMemory::exhausted)?;
        let wanted = page.items.iter().filter(|request| cause.is_none_or(|cause| request.cause == cause));
        ids.extend(wanted.map(|request| request.id));
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
    let mut done = VerifiedRequests { enforced: endpoint.settings.enforce_verification, ..VerifiedRequests::default() };
    for id in ids {
        let memory = AnswerMemory::new(engine);
        match verify_again(engine, endpoint, id, operator.author(), &memory).await {
            Ok(VerifiedAgain::LetIn(settled)) => {
                done.verified += 1;
                done.events += settled.len();
            }
            Ok(VerifiedAgain::StillRefused(_)) => done.refused += 1,
            Ok(VerifiedAgain::NotKept) => done.not_kept += 1,
            // Newer requests displaced it, or a concurrent verification accepted it.
            Err(VerifyAgainError::NotFound(_)) => {}
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
