//! `POST /v1/sources/{key}/rehearse`

use axum::{Json, extract::State};
use inlet_api_types::rehearsals::{Rehearsal, RehearseSource};
use inlet_core::Uuid;
use inlet_engine::{
    Engine,
    ingest::rehearse::{RehearseError, rehearse},
    snapshot::Endpoint,
};
use inlet_store::{EventQuery, StoredEvent};

use super::{request, response};
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

/// Rehearses a request: returns what it would cause, and writes nothing.
///
/// `settings` and `mappings` are tried in place of the present ones, and checked as if they were saved. `log_id` sends the
/// item of a log entry again, as a request of its own.
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
    let proposed = &propose(&engine, source, endpoint, request.settings.as_ref(), request.mappings.as_deref()).await?;
    // Held until the rehearsal is over, as the entry is.
    let memory = AnswerMemory::new(&engine);
    let logged = match &request.log_id {
        Some(id) => Some(find_logged(&engine, endpoint, id, &memory).await?),
        None => None,
    };
    let sent = request::sent(request, logged, &engine, proposed)?;
    let rehearsed = rehearse(&engine, proposed, sent).await?;
    drop(memory);
    Ok(Json(response::rehearsal(rehearsed, proposed)))
}

/// Returns the log entry of an id, whole.
async fn find_logged(
    engine: &Engine,
    endpoint: &Endpoint,
    id: &str,
    memory: &AnswerMemory,
) -> Result<StoredEvent, ApiError> {
    let unknown = || {
        let message = format!("there is no log entry {id:?} of this source here; GET …/logs lists those there are");
        ApiError::invalid("log_id", message)
    };
    let id = Uuid::try_parse(id).map_err(|_| unknown())?;
    let query = EventQuery { include_actions: false, ..EventQuery::one(vec![endpoint.id], id) };
    let page = engine.store.events_within(&query, memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    page.items.into_iter().next().ok_or_else(unknown)
}

impl From<RehearseError> for ApiError {
    fn from(error: RehearseError) -> Self {
        match error {
            RehearseError::Busy => Self::new(Kind::Unavailable, error.to_string()),
            RehearseError::Memory => AnswerMemory::exhausted(),
            RehearseError::Storage(error) => error.into(),
            RehearseError::Answer => Self::new(Kind::Internal, error.to_string()),
        }
    }
}
