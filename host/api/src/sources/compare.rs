//! `GET /v1/sources/{key}/compare`

use axum::{Json, extract::State};
use inlet_api_types::sources::{MappingDifference, PluginInForce, PluginsInForce, SettingDifference, SourceComparison};
use inlet_core::{
    comparison::{self, ComparedMapping, compare_mappings, compare_settings},
    json,
};
use inlet_engine::{Engine, EngineOptions, snapshot::Endpoint, snapshot::Snapshot};
use inlet_store::{Environment, LATEST, MappingRecord};

use super::{
    lookup::{find_endpoint, find_source},
    response,
};
use crate::{auth::Operator, error::ApiError, path::Name, query::Params, stored_json::stored_json};

/// Compares a source in two environments.
///
/// The answer says what would have to change in `to`, so that it is like `from`, and holds that change. Endpoints and
/// secrets are no differences.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/compare",
    operation_id = "compareSource",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment that is compared: `to` of the answer"),
        ("from" = String, Query, description = "The environment that is the model"),
    ),
    responses((status = 200, description = "The differences", body = SourceComparison)),
)]
pub async fn compare_source(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<SourceComparison>, ApiError> {
    let snapshot = engine.snapshot();
    let (from, to) = (model(&operator, &snapshot, &params)?, params.required_environment(&snapshot)?);
    let source = find_source(&snapshot, &key)?;
    let (from, to) = (find_endpoint(source, from)?, find_endpoint(source, to)?);
    Ok(Json(compare(from, to, &engine.options)))
}

/// Returns the environment that is the model. A limited token learns nothing about the others, not even which there are.
fn model<'a>(operator: &Operator, snapshot: &'a Snapshot, params: &Params) -> Result<&'a Environment, ApiError> {
    let slug = params.get("from").ok_or_else(|| {
        ApiError::invalid("from", "this query parameter is missing; expected an environment, such as development")
    })?;
    match snapshot.environment(slug) {
        Some(environment) => operator.may_see(environment).map(|()| environment),
        None => {
            operator.may_see_all()?;
            Err(ApiError::invalid("from", format!("there is no environment {slug:?}; GET /v1/environments lists them")))
        }
    }
}

fn compare(from: &Endpoint, to: &Endpoint, options: &EngineOptions) -> SourceComparison {
    let settings = differing_settings(from, to, options);
    let [from_mappings, to_mappings] = [&from.record.mappings, &to.record.mappings];
    let [compared_from, compared_to] =
        [from_mappings, to_mappings].map(|records| records.iter().map(compared).collect::<Vec<_>>());
    let found = compare_mappings(&compared_from, &compared_to);
    let plugins = PluginsInForce { from: plugin_of(from), to: plugin_of(to) };
    SourceComparison {
        from: from.environment.clone(),
        to: to.environment.clone(),
        to_version: to.record.version,
        change: change(&settings, &found, from_mappings, to_mappings),
        settings: settings.into_iter().map(setting).collect(),
        mappings: found.iter().map(|difference| mapping(*difference, from_mappings, to_mappings)).collect(),
        notes: notes(from, to),
        plugin: (plugins.from != plugins.to).then_some(plugins),
    }
}

fn differing_settings(from: &Endpoint, to: &Endpoint, options: &EngineOptions) -> Vec<comparison::SettingDifference> {
    let written = |endpoint| serde_json::to_string(&response::settings_of(endpoint, options)).unwrap_or_default();
    let mut found = compare_settings(&written(from), &written(to));
    // Where the operator named no header, the one of the plugin's scheme is shown, which is no setting.
    let [from, to] = [from, to].map(|endpoint| &endpoint.settings.verification_header);
    found.retain(|difference| difference.name != "verification_header" || from != to);
    if let Some(difference) = found.iter_mut().find(|difference| difference.name == "verification_header") {
        [difference.from, difference.to] =
            [from, to].map(|header| header.as_deref().map_or("null".to_owned(), json::quote));
    }
    found
}

fn compared(record: &MappingRecord) -> ComparedMapping<'_> {
    ComparedMapping {
        event_type: &record.event_type,
        action_type: &record.action_type,
        when: record.when.as_deref(),
        parameters: &record.parameters,
        active: record.active,
    }
}

fn setting(difference: comparison::SettingDifference) -> SettingDifference {
    let comparison::SettingDifference { name, from, to } = difference;
    SettingDifference { name, from: stored_json(from), to: stored_json(to) }
}

fn mapping(
    difference: comparison::MappingDifference,
    from_mappings: &[MappingRecord],
    to_mappings: &[MappingRecord],
) -> MappingDifference {
    let (change, from, to) = match difference {
        comparison::MappingDifference::Added { from } => ("added", Some(from), None),
        comparison::MappingDifference::Changed { from, to } => ("changed", Some(from), Some(to)),
        comparison::MappingDifference::Removed { to } => ("removed", None, Some(to)),
    };
    MappingDifference {
        change: change.to_owned(),
        from: from.map(|index| response::mapping(&from_mappings[index])),
        to: to.map(|index| response::mapping(&to_mappings[index])),
    }
}

fn plugin_of(endpoint: &Endpoint) -> PluginInForce {
    PluginInForce {
        version: endpoint.plugin_ref.version.clone(),
        digest: endpoint.plugin_ref.digest.clone(),
        follows_latest: endpoint.record.plugin.as_deref() == Some(LATEST),
    }
}

/// Returns the change that makes `to` like `from`. Mappings that stay keep their ids, and so their age.
fn change(
    settings: &[comparison::SettingDifference],
    found: &[comparison::MappingDifference],
    from: &[MappingRecord],
    to: &[MappingRecord],
) -> inlet_api_types::RawJson {
    let (options, plain): (Vec<_>, Vec<_>) =
        settings.iter().partition(|difference| difference.name.starts_with("options."));
    let mut members: Vec<(&str, String)> =
        plain.iter().map(|difference| (difference.name.as_str(), difference.from.clone())).collect();
    if !options.is_empty() {
        let named =
            options.iter().map(|difference| (difference.name.trim_start_matches("options."), difference.from.as_str()));
        members.push(("options", json::object(named)));
    }
    let settings = json::object(members.iter().map(|(name, value)| (name, value.as_str())));
    let mappings = json::array(mappings_after(found, from, to));
    let mut parts = Vec::new();
    if !members.is_empty() {
        parts.push(("settings", settings.as_str()));
    }
    if !found.is_empty() {
        parts.push(("mappings", mappings.as_str()));
    }
    stored_json(json::object(parts))
}

/// Returns the whole list of mappings of `to` after the change, as a request writes them.
fn mappings_after(
    found: &[comparison::MappingDifference],
    from: &[MappingRecord],
    to: &[MappingRecord],
) -> Vec<String> {
    use comparison::MappingDifference::{Added, Changed, Removed};
    let stays = |index: &usize| {
        !found.iter().any(|difference| matches!(difference, Changed { to, .. } | Removed { to } if to == index))
    };
    let kept = (0..to.len()).filter(stays).map(|index| written(&to[index], Some(&to[index])));
    let new = found.iter().filter_map(|difference| match *difference {
        Added { from: index } => Some(written(&from[index], None)),
        Changed { from: index, to: other } => Some(written(&from[index], Some(&to[other]))),
        Removed { .. } => None,
    });
    kept.chain(new).collect()
}

fn written(record: &MappingRecord, same: Option<&MappingRecord>) -> String {
    let id = same.map(|same| json::quote(&same.id.to_string()));
    let [event_type, action_type] = [&record.event_type, &record.action_type].map(|text| json::quote(text));
    let active = record.active.to_string();
    let members = [
        ("id", id.as_deref()),
        ("event_type", Some(event_type.as_str())),
        ("action_type", Some(action_type.as_str())),
        ("when", record.when.as_deref()),
        ("action_parameters", Some(record.parameters.as_str())),
        ("active", Some(active.as_str())),
    ];
    json::object(members.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// Returns what no change of settings mends.
fn notes(from: &Endpoint, to: &Endpoint) -> Vec<String> {
    let has_credential = |endpoint: &Endpoint| endpoint.record.signing_secret.is_some() || endpoint.has_write_key();
    match (has_credential(from), has_credential(to)) {
        (true, false) => vec![format!(
            "{} verifies with a secret and {} has none: set one there first, it is not carried over",
            from.environment, to.environment
        )],
        (false, true) => {
            vec![format!("{} has a secret and {} has none", to.environment, from.environment)]
        }
        _ => Vec::new(),
    }
}
