//! `POST /v1/sources/{key}/rehearse`

use axum::{Json, extract::State};
use inlet_api_types::rehearsals::{Rehearsal, RehearseSource};
use inlet_engine::{
    Engine,
    ingest::rehearse::{RehearseError, rehearse},
};

use super::{request, response};
use crate::{
    auth::Operator,
    body::Body,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
    sources::lookup::{find_endpoint, find_source},
};

/// Rehearses a request: returns what it would cause, and writes nothing.
///
/// The request passes all stages of a webhook with the present configuration and data: verification, the plugin, the
/// idempotency records, every mapping, every action. It is not logged and not counted, and its idempotency keys are not
/// remembered. A request that only verification would refuse is traced as if it were accepted. At most 100 items are
/// listed; all are counted. JSON texts are null once those listed add up to 16 MiB. Mappings that do not match and
/// recipients are left out once 10,000 are listed.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/rehearse",
    operation_id = "rehearseSource",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = RehearseSource,
    responses((status = 200, description = "What would become of it", body = Rehearsal)),
)]
pub async fn rehearse_source(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<RehearseSource>,
) -> Result<Json<Rehearsal>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find_source(&snapshot, &key)?;
    let endpoint = find_endpoint(source, params.required_environment(&snapshot)?)?;
    let sent = request::sent(request, endpoint)?;
    let rehearsed = rehearse(&engine, endpoint, sent).await?;
    Ok(Json(response::rehearsal(rehearsed, endpoint)))
}

impl From<RehearseError> for ApiError {
    fn from(error: RehearseError) -> Self {
        match error {
            RehearseError::Busy => Self::new(Kind::Unavailable, error.to_string()),
            RehearseError::Storage(error) => error.into(),
            RehearseError::Answer => Self::new(Kind::Internal, error.to_string()),
        }
    }
}
