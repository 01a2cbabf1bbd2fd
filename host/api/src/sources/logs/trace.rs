//! `GET /v1/sources/{key}/logs/{id}/trace`

use axum::{Json, extract::State};
use inlet_api_types::traces::{EventTrace, TracedValue, TracedValues};
use inlet_core::log::EventLog;
use inlet_engine::{
    Engine,
    ingest::pointed_values::{PointedValue, PointedValues, pointed_values},
};
use inlet_store::{EventQuery, StoredEvent};

use super::kept_request;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    path::TwoNames,
    providers::response::plugin_ref,
    query::Params,
    sources::{
        lookup::{find_endpoint, find_source, parse_path_id},
        rehearsal::{ResponseBudget, mapping_matches},
    },
};

/// Traces a log entry: where its values were found in what came, which mappings match it, and the request that is kept of it.
///
/// The places are not stored. The plugin translates the item again, in the version that translated it then; nothing is
/// logged or counted. The mappings are those of now.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/logs/{id}/trace",
    operation_id = "traceLog",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("id" = String, Path, description = "The log entry"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The trace", body = EventTrace)),
)]
pub async fn trace_log(
    _: Operator,
    State(engine): State<Engine>,
    TwoNames(key, id): TwoNames,
    params: Params,
) -> Result<Json<EventTrace>, ApiError> {
    let (snapshot, catalog) = (engine.snapshot(), engine.catalog());
    let source = find_source(&snapshot, &key)?;
    let endpoint = find_endpoint(source, params.required_environment(&snapshot)?)?;
    let id = parse_path_id("log entry", &id)?;
    let memory = AnswerMemory::new(&engine);
    let query = EventQuery { include_actions: false, ..EventQuery::one(vec![endpoint.id], id) };
    let page = engine.store.events_within(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let unknown = || ApiError::not_found(format!("there is no log entry {id} here; it may be past its retention"));
    let event = page.items.into_iter().next().ok_or_else(unknown)?;
    let translated_by = event.plugin.clone();
    let values = match catalog.by_digest(&source.record.provider, &translated_by.digest) {
        Some(plugin) => {
            let then = endpoint.with_plugin(&source.record, plugin, &catalog, &engine.limits);
            pointed_values(&engine, &then, plugin, &event, &memory).await?.map_err(|reason| reason.to_string())
        }
        None => Err(format!("this server no longer has version {} of the plugin", translated_by.version)),
    };
    let request = kept_request::of_event(&engine, endpoint, id).await?;
    let log = logged(event);
    let (mappings, mappings_left_out) = mapping_matches(endpoint, log.as_ref(), &mut ResponseBudget::new());
    let values = traced(values, plugin_ref(&translated_by));
    Ok(Json(EventTrace { id: id.to_string(), values, mappings, mappings_left_out, request }))
}

/// Returns a stored event as it was logged; none if the item was no event. Without its body, conditions find nothing.
fn logged(event: StoredEvent) -> Option<EventLog> {
    let data = event.data?.content.unwrap_or_default().into();
    let original = event.original.content.unwrap_or_else(|| inlet_core::log::Original::Text("".into()));
    Some(EventLog { fields: event.fields, data: Some(data), original })
}

fn traced(found: Result<PointedValues, String>, plugin: inlet_api_types::providers::Plugin) -> TracedValues {
    let unknown = |reason: String, plugin| TracedValues {
        status: "unknown".to_owned(),
        reason: Some(reason),
        plugin,
        duration_us: None,
        entries: Vec::new(),
    };
    let PointedValues { values, took, is_same } = match found {
        Ok(found) => found,
        Err(reason) => return unknown(reason, plugin),
    };
    let differs = "the item alone gives another event than the stored one: the settings of the source have changed, or the \
                   item came as a part of a larger request";
    let entry = |PointedValue { field, pointer }| TracedValue { field, pointer };
    TracedValues {
        status: if is_same { "found" } else { "differs" }.to_owned(),
        reason: (!is_same).then(|| differs.to_owned()),
        plugin,
        duration_us: Some(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        entries: values.into_iter().map(entry).collect(),
    }
}
