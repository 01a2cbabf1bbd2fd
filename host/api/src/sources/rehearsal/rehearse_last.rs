//! `POST /v1/sources/{key}/rehearse/last`

use axum::{Json, extract::State};
use inlet_api_types::rehearsals::{RehearseLastEvents, RehearsedLastEvents};
use inlet_core::{mapping::matched_by, time};
use inlet_engine::{
    Engine,
    ingest::rehearse_last::{Configurations, LastEvents, rehearse_last},
};

use super::last_response::last_events;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    body::Body,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
    sources::{
        lookup::{find_endpoint, find_source},
        upsert::propose,
    },
};

/// Rehearses the newest stored events with proposed settings and mappings, and returns what would change.
///
/// Each event is rehearsed with the present and with the proposed configuration, as a request of its own: an item of a batch
/// is a request with its own body, with the stored headers, and without path and query. Verification and earlier executions
/// with the same idempotency key do not count. Nothing is written.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/rehearse/last",
    operation_id = "rehearseLastEvents",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = RehearseLastEvents,
    responses((status = 200, description = "What would change", body = RehearsedLastEvents)),
)]
pub async fn rehearse_last_events(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<RehearseLastEvents>,
) -> Result<Json<RehearsedLastEvents>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find_source(&snapshot, &key)?;
    let present = find_endpoint(source, params.required_environment(&snapshot)?)?;
    let (settings, mappings) = (request.settings.as_ref(), request.mappings.as_deref());
    if settings.is_none() && mappings.is_none() {
        return Err(ApiError::new(Kind::Invalid, "the body: nothing is proposed; give settings, mappings or both"));
    }
    let proposed = propose(&engine, source, present, settings, mappings).await?;
    let missing =
        "this server does not have the source's plugin, so no event can be translated; put it into --plugins-dir";
    let plugin = present.plugin.as_ref().ok_or_else(|| ApiError::new(Kind::Conflict, missing))?;
    let configurations = Configurations { present, proposed: &proposed, plugin };
    let events = LastEvents {
        event_types: request.event_type.as_deref().map(matched_by).unwrap_or_default(),
        starting_at_ms: request.starting_at.as_deref().map(read_time_ms).transpose()?,
        last: usize::try_from(request.last()).unwrap_or(usize::MAX),
        listed: usize::try_from(request.list.unwrap_or_default()).unwrap_or(usize::MAX),
    };
    let found = rehearse_last(&engine, configurations, events, || AnswerMemory::new(&engine)).await?;
    Ok(Json(last_events(found, present, &proposed)))
}

fn read_time_ms(text: &str) -> Result<i64, ApiError> {
    let refused = || ApiError::invalid("starting_at", "it is no time; expected for example 2026-01-02T03:04:05Z");
    time::parse(text).map(|us| us.div_euclid(1000)).ok_or_else(refused)
}
