//! `POST /v1/sources/{key}/rehearse`: what would become of a request, in any environment, without a side effect.

use axum::{Json, extract::State};
use inlet_engine::{
    Engine,
    ingest::rehearse::{NotRehearsed, rehearse},
};

use super::{find, in_environment, rehearsal_request::RehearseSource, rehearsed::ShownRehearsal};
use crate::{
    auth::Operator,
    body::JsonBody,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

/// Tells what would become of a request, and writes nothing.
///
/// The request goes the way of a webhook on what is configured and stored now: verification, the plugin, the idempotency
/// records, every mapping, every action. It is not logged, not counted, and no key of it is remembered. A request that
/// verification alone would refuse is traced too, as if it were let in. Items over 100 are counted and not listed; JSON
/// texts are null once those shown add up to 16 MiB; mappings that do not match and recipients are left out once 10,000
/// are shown.
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
    responses((status = 200, description = "What would become of it", body = ShownRehearsal)),
    security(("management_token" = [])),
)]
pub async fn rehearse_source(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    body: JsonBody,
) -> Result<Json<ShownRehearsal>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find(&snapshot, &key)?;
    let endpoint = in_environment(source, params.required_environment(&snapshot)?)?;
    let sent = super::rehearsal_request::read(&body, endpoint)?;
    let rehearsed = rehearse(&engine, endpoint, sent).await?;
    Ok(Json(ShownRehearsal::of(rehearsed, endpoint)))
}

impl From<NotRehearsed> for ApiError {
    fn from(error: NotRehearsed) -> Self {
        match error {
            NotRehearsed::Busy => Self::new(Kind::Unavailable, error.to_string()),
            NotRehearsed::Storage(error) => error.into(),
            NotRehearsed::Answer => Self::new(Kind::Internal, error.to_string()),
        }
    }
}
