//! `GET /v1/sources/{key}/status`

use axum::{Json, extract::State};
use inlet_api_types::sources::SourceStatus;
use inlet_core::time;
use inlet_engine::Engine;

use super::{needs_attention::AttentionTally, notes::notes_of, skipped_recipients::SkippedTally, targets::Targets};
use crate::{
    auth::Operator,
    clock,
    error::ApiError,
    path::Name,
    providers::response,
    query::Params,
    sources::lookup::{endpoints_in, find_source},
};

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
    let mut needs_attention = AttentionTally::default();
    let mut skipped_recipients = SkippedTally::default();
    let mut plugin = None;
    let catalog = engine.catalog();
    let targets = Targets::read(&engine).await?;
    for (slug, endpoint) in
        endpoints_in(source, environment).filter(|(_, endpoint)| operator.sees(endpoint.environment_id))
    {
        let status = engine.store.source_status(endpoint.id).await?;
        needs_attention.add(slug, engine.store.attention_counts(endpoint.id).await?);
        let skipped = engine.store.skipped_recipients(endpoint.id).await?;
        skipped_recipients.add(skipped, endpoint.hides_personal_data);
        mappings_count += endpoint.record.mappings.len();
        plugin = plugin.or_else(|| endpoint.plugin.as_ref().map(response::plugin));
        events_count += status.events_count;
        last_ms = last_ms.max(status.last_event_received_ms);
        notes.extend(notes_of(slug, endpoint, &catalog));
        notes.extend(targets.notes_of(slug, endpoint.environment_id));
    }
    notes.extend(clock::response::note(engine.store.clock().state()));
    Ok(Json(SourceStatus {
        mappings_requiring_commit: [],
        mappings_count,
        events_count,
        last_event_received: last_ms.map(time::write_ms),
        plugin,
        needs_attention: needs_attention.into_response(),
        skipped_recipients: skipped_recipients.into_response(),
        notes,
    }))
}
