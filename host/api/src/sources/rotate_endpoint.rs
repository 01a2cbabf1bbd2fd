//! `POST /v1/sources/{key}/rotate_endpoint`: replaces the URL of a source in one environment.
//!
//! The platform learns the new URL later than this server, so the replaced URL stays valid for an overlap. Rotating again
//! does not shorten earlier overlaps, because a platform that still sends to an earlier URL must not lose events.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::sources::{RotateEndpoint, RotatedEndpoint};
use inlet_core::{
    rotating_secret::{DEFAULT_OVERLAP_SECONDS, overlap_end},
    time,
};
use inlet_engine::{
    Engine,
    clock::now_ms,
    snapshot::{Endpoint, new_token},
};
use inlet_store::EndpointRotation;

use super::{
    lookup::{find_endpoint, find_source},
    response,
};
use crate::{
    auth::Operator,
    body::Body,
    error::{ApiError, Kind},
    etag::etag,
    path::Name,
    query::Params,
};

/// The most earlier endpoints that are valid at one time. Each costs a hash in memory.
const MAX_EARLIER: usize = 16;

/// Replaces the endpoint of a source in one environment.
///
/// The replaced endpoint stays valid until its overlap ends, then it returns 404. Earlier endpoints keep their own expiry,
/// unless `overlap_seconds` is 0.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/rotate_endpoint",
    operation_id = "rotateSourceEndpoint",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = RotateEndpoint,
    responses((
        status = 200,
        description = "The new endpoint",
        body = RotatedEndpoint,
        headers(("ETag" = String, description = "The version of its settings in the environment, for `If-Match`")),
    )),
)]
pub async fn rotate_source_endpoint(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<RotateEndpoint>,
) -> Result<impl IntoResponse, ApiError> {
    let overlap_seconds = request.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_SECONDS);
    let (version, rotated) = engine
        .configure(operator.author(), move |change| async move {
            let snapshot = change.snapshot();
            let source = find_source(&snapshot, &key)?;
            let environment = params.required_environment(&snapshot)?.clone();
            let endpoint = find_endpoint(source, &environment)?;
            let until_ms = end_of_previous(endpoint, overlap_seconds)?;
            let rotation = EndpointRotation {
                source_environment_id: endpoint.id,
                token: new_token()?,
                previous_until_ms: until_ms,
            };
            let version = change.rotate_endpoint(endpoint, rotation, overlap_seconds).await?;
            tracing::info!(source = key, environment = environment.slug, overlap_seconds, "an endpoint was rotated");
            let snapshot = change.snapshot();
            let endpoint = find_endpoint(find_source(&snapshot, &key)?, &environment)?;
            let rotated = RotatedEndpoint {
                endpoint: response::url(endpoint, &change.engine().options),
                environment: environment.slug,
                previous_endpoint_until: until_ms.map(time::write_ms),
            };
            Ok::<_, ApiError>((version, rotated))
        })
        .await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(rotated)))
}

/// Returns when the current endpoint expires once it is replaced, or `None` if it expires at once.
fn end_of_previous(endpoint: &Endpoint, overlap_seconds: u64) -> Result<Option<i64>, ApiError> {
    if overlap_seconds == 0 {
        return Ok(None);
    }
    let now_ms = now_ms();
    let earlier = endpoint.record.previous_tokens.iter().filter(|previous| now_ms < previous.until_ms).count();
    match earlier >= MAX_EARLIER {
        true => {
            let message = format!(
                "{earlier} earlier endpoints are still good, and there can be {MAX_EARLIER}; wait until one ends, or \
                 end all of them with overlap_seconds 0"
            );
            Err(ApiError::new(Kind::Conflict, message))
        }
        false => Ok(Some(overlap_end(now_ms, overlap_seconds))),
    }
}
