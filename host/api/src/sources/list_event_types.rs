//! `GET /v1/sources/{key}/events`

use std::collections::HashMap;

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    sources::{SourceEvent, SourceEvents},
};
use inlet_core::time;
use inlet_engine::Engine;

use super::lookup::{endpoints_in, find_source};
use crate::{auth::Operator, error::ApiError, path::Name, query::Params};

/// Lists the event types that a source has sent, in one environment or in all, the last received first.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/events",
    operation_id = "listSourceEvents",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = Option<String>, Query, description = "The environment; if absent, all that the token is good for"),
    ),
    responses((status = 200, description = "The event types", body = SourceEvents)),
)]
pub async fn list_source_events(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<SourceEvents>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find_source(&snapshot, &key)?;
    let environment = params.environment(&snapshot)?;
    // Event type to time of the last event and count.
    let mut received: HashMap<String, (i64, i64)> = HashMap::new();
    for (_, endpoint) in
        endpoints_in(source, environment).filter(|(_, endpoint)| operator.sees(endpoint.environment_id))
    {
        for found in engine.store.event_types(endpoint.id).await? {
            let (last_ms, count) = received.entry(found.event_type).or_default();
            *last_ms = found.last_received_at_ms.max(*last_ms);
            *count += found.count;
        }
    }
    let mut received: Vec<_> = received.into_iter().collect();
    received.sort_by(|(a, (a_ms, _)), (b, (b_ms, _))| b_ms.cmp(a_ms).then_with(|| a.cmp(b)));
    let entries: Vec<_> = received
        .into_iter()
        .map(|(event, (last_ms, count))| SourceEvent { event, last_received_at: time::write_ms(last_ms), count })
        .collect();
    Ok(Json(SourceEvents { page_info: PageInfo::whole(entries.len()), entries }))
}
