//! `GET /v1/sources/{key}/status`

use axum::{Json, extract::State};
use inlet_core::time;
use inlet_engine::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use super::{needs_attention::NeedsAttention, notes::notes_of};
use crate::{
    auth::Operator,
    error::ApiError,
    path::Name,
    providers::response::ShownPlugin,
    query::Params,
    sources::lookup::{endpoints_in, find_source},
};

/// What a source has received, and whether all is well with it.
#[derive(Serialize, ToSchema)]
pub struct SourceStatus {
    /// Always empty: a change is in force at once.
    #[schema(value_type = Vec<Object>)]
    mappings_requiring_commit: [(); 0],
    /// How many mappings there are, inactive ones too.
    mappings_count: usize,
    /// How many items came since the source exists.
    events_count: i64,
    /// When the last came.
    #[schema(required, format = DateTime)]
    last_event_received: Option<String>,
    /// What translates its requests, in the first of the environments that were asked for; null if this server does not have it.
    #[schema(required)]
    plugin: Option<ShownPlugin>,
    /// What failed, was rejected or was refused, and what to do about it.
    needs_attention: NeedsAttention,
    /// What an operator should know.
    notes: Vec<String>,
}

/// Returns the counts, the items that need attention and the notes of a source, in one environment or in all.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/status",
    operation_id = "getSourceStatus",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = Option<String>, Query, description = "The environment; if absent, all that the token is good for"),
    ),
    responses((status = 200, description = "The status", body = SourceStatus)),
)]
pub async fn get_source_status(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<SourceStatus>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find_source(&snapshot, &key)?;
    let environment = params.environment(&snapshot)?;
    let (mut mappings_count, mut events_count, mut last_ms, mut notes) = (0, 0, None, Vec::new());
    let mut needs_attention = NeedsAttention::default();
    let mut plugin = None;
    let catalog = engine.catalog();
    for (slug, endpoint) in
        endpoints_in(source, environment).filter(|(_, endpoint)| operator.sees(endpoint.environment_id))
    {
        let status = engine.store.source_status(endpoint.id).await?;
        needs_attention.add(slug, engine.store.attention_counts(endpoint.id).await?);
        mappings_count += endpoint.record.mappings.len();
        plugin = plugin.or_else(|| endpoint.plugin.as_ref().map(ShownPlugin::of));
        events_count += status.events_count;
        last_ms = last_ms.max(status.last_event_received_ms);
        notes.extend(notes_of(slug, endpoint, &catalog));
    }
    Ok(Json(SourceStatus {
        mappings_requiring_commit: [],
        mappings_count,
        events_count,
        last_event_received: last_ms.map(time::write_ms),
        plugin,
        needs_attention,
        notes,
    }))
}
