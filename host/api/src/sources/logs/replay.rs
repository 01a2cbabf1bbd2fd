//! `POST /v1/sources/{key}/logs/{id}/replay`

use axum::{extract::State, response::Response};
use inlet_api_types::logs::{ReplayLog, ReplayedLog};
use inlet_core::{Uuid, json};
use inlet_engine::{
    Engine, change_log,
    replay::{self, event_replayer::EventReplayer},
    snapshot::Endpoint,
};
use inlet_store::{CommitExtras, EventQuery, Settled};

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    body::Body,
    completion::to_completion,
    error::ApiError,
    path::TwoNames,
    query::Params,
    sources::lookup::{parse_path_id, queried_endpoint},
};

/// The most new entries that a response lists.
const MAX_SHOWN: usize = 100;
/// The bytes of new entries above which a response lists no further one.
const MAX_SHOWN_BYTES: u64 = 8 << 20;

/// Replays a log entry as if its sender had sent it again. Its verification result is kept.
///
/// An event is planned with the present settings and mappings. An entry that was rejected, or failed in its plugin, is
/// translated again: from its request or, if redact paths are in force, from the logged item as a request with its own
/// body. Actions that were already executed are reported, not repeated. The body is optional.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/logs/{id}/replay",
    operation_id = "replayLog",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("id" = String, Path, description = "The log entry"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = Option<ReplayLog>,
    responses((status = 200, description = "What came of it", body = ReplayedLog)),
)]
pub async fn replay_log(
    operator: Operator,
    State(engine): State<Engine>,
    TwoNames(key, id): TwoNames,
    params: Params,
    request: Option<Body<ReplayLog>>,
) -> Result<Response, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let id = parse_path_id("log entry", &id)?;
    let force = request.and_then(|Body(request)| request.force).unwrap_or_default();
    let asked = Some(json::object([("force", if force { "true" } else { "false" })]));
    let log = change_log::repaired(operator.author(), &endpoint, "replayLog", &format!("logs/{id}"), asked);
    let (replayed, memory) = to_completion(async move {
        let mut replayer = EventReplayer::new(engine.clone(), endpoint.clone());
        let (items, extras) = replayer.prepare(id, force).await?.into_parts();
        let extras = CommitExtras { change: Some(log), ..extras };
        let settled = replay::commit(&engine, &endpoint, items, None, extras).await?;
        tracing::info!(source = endpoint.source, environment = endpoint.environment, event = %id, force, "an entry was replayed");
        let memory = AnswerMemory::new(&engine);
        let replayed = show(&engine, &endpoint, id, &settled, &memory).await?;
        Ok((replayed, memory))
    })
    .await?;
    memory.answer(replayed)
}

async fn show(
    engine: &Engine,
    endpoint: &Endpoint,
    id: Uuid,
    settled: &[Settled],
    memory: &AnswerMemory,
) -> Result<ReplayedLog, ApiError> {
    let mut entries = Vec::new();
    for item in settled.iter().take(MAX_SHOWN) {
        // The events are replayed; what does not fit into the answer is in the log.
        if memory.reserved_bytes() > MAX_SHOWN_BYTES {
            break;
        }
        let query = EventQuery::one(vec![endpoint.id], item.id);
        let Some(found) = engine.store.events_within(&query, memory).await? else { break };
        entries.extend(found.items.into_iter().map(|event| response::log(event, endpoint, true)));
    }
    let first = settled.first();
    Ok(ReplayedLog {
        id: first.map(|item| item.id.to_string()).unwrap_or_default(),
        outcome: first.map_or("ignored", |item| item.outcome.as_str()).to_owned(),
        rerun_of: id.to_string(),
        count: settled.len(),
        entries,
    })
}
