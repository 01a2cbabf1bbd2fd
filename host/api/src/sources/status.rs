//! `GET /v1/sources/{key}/status`

use axum::{Json, extract::State};
use inlet_core::time;
use inlet_engine::{
    Engine,
    catalog::{Catalog, Unloaded, same_scheme},
    clock::now_ms,
    quarantine,
    snapshot::Endpoint,
};
use inlet_store::LATEST;
use serde::Serialize;
use utoipa::ToSchema;

use super::{find, in_environments, repair::shown_attention::NeedsAttention, which_plugin};
use crate::{auth::Operator, error::ApiError, path::Name, providers::shown::ShownPlugin, query::Params};

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

/// Tells what a source has received, in one environment or in all.
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
    security(("management_token" = [])),
)]
pub async fn get_source_status(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<SourceStatus>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find(&snapshot, &key)?;
    let environment = params.environment(&snapshot)?;
    let (mut mappings_count, mut events_count, mut last_ms, mut notes) = (0, 0, None, Vec::new());
    let mut needs_attention = NeedsAttention::default();
    let mut plugin = None;
    let catalog = engine.catalog();
    for (slug, endpoint) in
        in_environments(source, environment).filter(|(_, endpoint)| operator.sees(endpoint.environment_id))
    {
        let status = engine.store.source_status(endpoint.id).await?;
        needs_attention.add(slug, engine.store.attention_counts(endpoint.id).await?);
        mappings_count += endpoint.record.mappings.len();
        plugin = plugin.or_else(|| endpoint.plugin.as_ref().map(ShownPlugin::of));
        events_count += status.events_count;
        last_ms = last_ms.max(status.last_event_received_ms);
        notes.extend(other_scheme(endpoint).then(|| {
            format!("in {slug} the verification scheme in force is an earlier one; the plugin has another by now")
        }));
        notes.extend(missing_plugin(slug, endpoint, &catalog));
        notes.extend(kept_plugin(slug, endpoint, &catalog));
        notes.extend(stayed_behind(slug, endpoint, &catalog));
        notes.extend(quarantine::note(slug, endpoint));
        notes.extend(earlier_endpoint(slug, endpoint));
        notes.extend(short_window(slug, endpoint));
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

/// Whether somebody still sends to an endpoint that was replaced: what an operator wants to know before it ends.
fn earlier_endpoint(slug: &str, endpoint: &Endpoint) -> Option<String> {
    let until = time::write_ms(endpoint.previous_until_ms(now_ms())?);
    Some(match endpoint.previous_used_ms() {
        Some(used_ms) => {
            let used = time::write_ms(used_ms);
            format!("in {slug} a request came to an earlier endpoint at {used}; such an endpoint is good until {until}")
        }
        None => format!(
            "in {slug} an earlier endpoint is good until {until}; no request came to it since the server started"
        ),
    })
}

/// Whether the source has nothing that translates its requests, and how it gets something.
fn missing_plugin(slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> Option<String> {
    if endpoint.plugin.is_some() {
        return None;
    }
    let key = &endpoint.plugin_ref.key;
    let pinned = endpoint.record.plugin.as_deref();
    let unloaded = match pinned {
        Some(LATEST) => catalog.unloaded(key).next_back(),
        Some(digest) => catalog.unloaded(key).find(|unloaded| unloaded.digest == digest),
        None => None,
    };
    Some(match (pinned, unloaded) {
        (Some(_), Some(Unloaded { version, error, .. })) => format!(
            "in {slug} the source has the version {version} of {key:?}, which does not load: {error}; requests get 503 until it \
             is added again (inlet plugin add) or the source uses another version (inlet plugin use)"
        ),
        (Some(digest), None) if digest != LATEST => format!(
            "in {slug} the source has the version {digest} of {key:?}, which is not in this server; requests get 503 until \
             it is added again (inlet plugin add) or the source uses another version (inlet plugin use)"
        ),
        _ => format!(
            "in {slug} this server has no plugin {key:?}; requests get 503 until it is added (inlet plugin add) or in \
             --plugins-dir"
        ),
    })
}

/// Whether a source that follows what is added last was not given that, and why.
fn stayed_behind(slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> Option<String> {
    let plugin = endpoint.plugin.as_ref().filter(|_| endpoint.record.plugin.as_deref() == Some(LATEST))?;
    let last = catalog.get(&plugin.manifest().key).filter(|last| last.digest() != plugin.digest())?;
    let differences = which_plugin::differences(endpoint, last.manifest().verification.as_ref());
    let doubts = which_plugin::doubts(endpoint, last, &differences);
    let (version, newest) = (&plugin.manifest().version, &last.manifest().version);
    (!doubts.is_empty()).then(|| {
        format!(
            "in {slug} the source follows latest and stays with the version {version}, because of {newest}: {}; look at it, \
             and use {newest} with POST /v1/sources/{{key}}/plugin and confirm true",
            doubts.join("; and ")
        )
    })
}

/// Whether the source keeps a plugin that new sources would not get.
fn kept_plugin(slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> Option<String> {
    let plugin = endpoint.plugin.as_ref().filter(|_| endpoint.record.plugin.is_none())?;
    let (key, version) = (&plugin.manifest().key, &plugin.manifest().version);
    let own = catalog.own(key);
    if own.is_some_and(|own| own.digest() == plugin.digest()) {
        return None;
    }
    let doubts = own.map_or_else(Vec::new, |own| {
        let differences = which_plugin::differences(endpoint, own.manifest().verification.as_ref());
        which_plugin::doubts(endpoint, own, &differences)
    });
    Some(match (own, catalog.directory().gone_file(plugin.digest())) {
        (Some(own), _) if !doubts.is_empty() => format!(
            "in {slug} the plugin's version {version} goes on until a restart, because of {}, which the server has by now: {}; \
             take it with POST /v1/sources/{{key}}/plugin and confirm true",
            own.manifest().version,
            doubts.join("; and ")
        ),
        (_, file) => format!(
            "in {slug} the plugin's version {version} goes on until a restart, though {:?} is gone from --plugins-dir; put \
             it back, or use another version",
            file.unwrap_or_default()
        ),
    })
}

/// Whether the platform may try again when its key is forgotten, by what its plugin says of it.
fn short_window(slug: &str, endpoint: &Endpoint) -> Option<String> {
    let hours = endpoint.plugin.as_ref()?.manifest().sender.as_ref()?.horizon_hours?;
    let (window, horizon) = (endpoint.settings.idempotency_window_seconds, (hours * 3600.0).ceil() as u64);
    (endpoint.settings.enforce_idempotency && window < horizon).then(|| {
        format!(
            "in {slug} keys are remembered for {window} s, and the platform tries again for up to {hours} h; a later try would \
             be carried out again; set idempotency_window_seconds to {horizon} or more"
        )
    })
}

/// Whether the plugin has another verification scheme than the one in force.
fn other_scheme(endpoint: &Endpoint) -> bool {
    endpoint
        .plugin
        .as_ref()
        .is_some_and(|plugin| !same_scheme(plugin.manifest().verification.as_ref(), endpoint.scheme.as_ref()))
}
