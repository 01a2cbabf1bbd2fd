//! `POST /v1/sources/{key}/plugin/compare`: compares two versions of a source's plugin on stored requests.

use axum::{Json, extract::State};
use inlet_api_types::sources::{ComparePlugins, ComparedPlugins, PluginChange, PluginDifference};
use inlet_core::json;
use inlet_engine::{
    Engine,
    ingest::compare::{ComparedVersion, Comparison, Difference, MemberChange, compare},
};
use inlet_sandbox::Plugin;

use super::choice::VersionName;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    body::Body,
    error::{ApiError, Kind},
    path::Name,
    providers::response,
    query::Params,
    sources::lookup::{find_endpoint, find_source},
};

/// The most bytes of a value that are shown.
const MAX_SHOWN: usize = 500;

/// Translates and plans the newest requests with two versions of a source's plugin, and returns the differences.
///
/// Nothing is written, and idempotency records are ignored. Requests are rebuilt from the log, if their bodies are still
/// stored: each item of a batch is a request with its own body, with the stored headers, and without path and query.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/plugin/compare",
    operation_id = "compareSourcePlugin",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = ComparePlugins,
    responses((status = 200, description = "What would change", body = ComparedPlugins)),
)]
pub async fn compare_source_plugin(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<ComparePlugins>,
) -> Result<Json<ComparedPlugins>, ApiError> {
    let (snapshot, catalog) = (engine.snapshot(), engine.catalog());
    let source = find_source(&snapshot, &key)?;
    let endpoint = find_endpoint(source, params.required_environment(&snapshot)?)?;
    let find = |field, name: &String| VersionName::parse(name.clone()).find(field, &catalog, &source.record.provider);
    let in_force = || {
        let message = "this server does not have the source's plugin; name the old version";
        endpoint.plugin.clone().ok_or_else(|| ApiError::new(Kind::Conflict, message))
    };
    let old = match &request.old {
        Some(name) => find("old", name)?.plugin,
        None => in_force()?,
    };
    let new = find("new", &request.new)?.plugin;
    let side = |plugin: Plugin| ComparedVersion {
        endpoint: endpoint.with_plugin(&source.record, &plugin, &catalog, &engine.limits),
        plugin,
    };
    let (old, new) = (side(old), side(new));
    let last = usize::try_from(request.last()).unwrap_or(usize::MAX);
    let found = compare(&engine, &old, &new, last, || AnswerMemory::new(&engine)).await?;
    Ok(Json(response_of(found, &old.plugin, &new.plugin, endpoint.hides_personal_data)))
}

fn response_of(found: Comparison, old: &Plugin, new: &Plugin, hide: bool) -> ComparedPlugins {
    let change_response = |change: MemberChange| {
        let value = |value: Option<String>| value.map(|value| shorten(masked_value(change.member, value, hide)));
        PluginChange {
            item: change.item,
            member: change.member.to_owned(),
            old: value(change.old),
            new: value(change.new),
        }
    };
    let difference = |difference: Difference| PluginDifference {
        id: difference.id.to_string(),
        event_type: difference.event_type,
        changes: difference.changes.into_iter().map(change_response).collect(),
    };
    ComparedPlugins {
        old: response::plugin(old),
        new: response::plugin(new),
        compared: found.compared,
        same: found.same,
        rejected_by_both: found.rejected_by_both,
        different: found.different,
        not_kept: found.not_kept,
        stopped_early: found.stopped_early,
        by_member: found.by_member.into_iter().map(|(member, count)| (member.to_owned(), count)).collect(),
        differences: found.differences.into_iter().map(difference).collect(),
    }
}

/// Masks personal data if the environment hides it. The structure of a value stays visible.
fn masked_value(member: &str, value: String, hide: bool) -> String {
    match member {
        "data" | "actions" if hide => json::mask(&value),
        "user_id" | "idempotency_key" if hide => "…".to_owned(),
        _ => value,
    }
}

fn shorten(mut value: String) -> String {
    if value.len() > MAX_SHOWN {
        value.truncate(value.floor_char_boundary(MAX_SHOWN));
        value.push('…');
    }
    value
}
