//! `GET /v1/sources/{key}/compare`

use axum::{Json, extract::State};
use inlet_api_types::{
    configuration::SourceEnvironmentConfiguration,
    sources::{MappingDifference, PluginInForce, PluginsInForce, SettingDifference, SourceComparison},
};
use inlet_core::{
    configuration::{differences, pair_mappings},
    json,
};
use inlet_engine::{Engine, EngineOptions, snapshot::Endpoint, snapshot::Snapshot};
use inlet_store::{Environment, LATEST, MappingRecord};

use super::{
    lookup::{find_endpoint, find_source},
    response,
};
use crate::{
    auth::Operator,
    configuration::{document, version},
    error::ApiError,
    path::Name,
    query::Params,
    stored_json::stored_json,
};

/// Compares a source in two environments.
///
/// The answer says what would have to change in `to`, so that it is like `from`, and holds that change, by the rules of
/// `PUT /v1/configuration`. Endpoints, secrets and the enforcement of verification are no differences.
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
    let visible = snapshot.environments.iter().filter(|environment| operator.sees(environment.id));
    Ok(Json(compare(&engine, from, to, version(&snapshot, visible))))
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

fn compare(engine: &Engine, from: &Endpoint, to: &Endpoint, version: String) -> SourceComparison {
    let catalog = engine.catalog();
    let [wanted, present] = [from, to].map(|endpoint| document::of_endpoint(&catalog, endpoint));
    let mut change = wanted.carried_over(present.settings.as_ref());
    let settings = differing_settings(&present, &change, &[from, to].map(|side| shown_settings(side, &engine.options)));
    let mappings = differing_mappings(&from.record.mappings, &to.record.mappings);
    let plugins = PluginsInForce { from: plugin_of(from), to: plugin_of(to) };
    let plugin = (plugins.from != plugins.to).then_some(plugins);
    // What does not differ is not sent.
    change.settings = change.settings.filter(|_| !settings.is_empty());
    change.mappings = change.mappings.filter(|_| !mappings.is_empty());
    change.plugin = change.plugin.filter(|_| plugin.is_some());
    SourceComparison {
        from: from.environment.clone(),
        to: to.environment.clone(),
        version,
        settings,
        mappings,
        plugin,
        change,
        notes: notes(from, to),
    }
}

/// Returns the settings in force, as JSON.
fn shown_settings(endpoint: &Endpoint, options: &EngineOptions) -> String {
    json_text(&response::settings_of(endpoint, options))
}

fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Returns the settings that differ, with the values in force on both sides.
fn differing_settings(
    present: &SourceEnvironmentConfiguration,
    wanted: &SourceEnvironmentConfiguration,
    [from, to]: &[String; 2],
) -> Vec<SettingDifference> {
    let found = differences(&json_text(&present.settings), &json_text(&wanted.settings));
    let in_force = |settings: &str, name: &str| {
        let value = match name.strip_prefix("options.") {
            None => json::member(settings, name),
            Some(option) => json::member(settings, "options").and_then(|options| json::member(options, option)),
        };
        stored_json(value.unwrap_or("null"))
    };
    let setting = |name: String| SettingDifference { from: in_force(from, &name), to: in_force(to, &name), name };
    let mut names: Vec<String> = found.into_iter().map(|difference| setting_name(&difference.field)).collect();
    names.dedup();
    names.into_iter().map(setting).collect()
}

/// Returns the name of the setting that a field is in: an option of the plugin may be an object.
fn setting_name(field: &str) -> String {
    let parts = if field.starts_with("options.") { 2 } else { 1 };
    field.split('.').take(parts).collect::<Vec<_>>().join(".")
}

/// Returns the mappings that differ: those of `from` in its order, then what only `to` has.
fn differing_mappings(from: &[MappingRecord], to: &[MappingRecord]) -> Vec<MappingDifference> {
    let [after, before] =
        [from, to].map(|side| side.iter().map(|record| json_text(&document::mapping(record))).collect::<Vec<_>>());
    let pairs = pair_mappings(&before, &after);
    let difference = |change: &str, from: Option<&MappingRecord>, to: Option<&MappingRecord>| MappingDifference {
        change: change.to_owned(),
        from: from.map(response::mapping),
        to: to.map(response::mapping),
    };
    let of_from = pairs.iter().enumerate().filter_map(|(index, pair)| match *pair {
        None => Some(difference("added", Some(&from[index]), None)),
        Some(other) if differences(&before[other], &after[index]).is_empty() => None,
        Some(other) => Some(difference("changed", Some(&from[index]), Some(&to[other]))),
    });
    let only_in_to = (0..to.len()).filter(|index| !pairs.contains(&Some(*index)));
    of_from.chain(only_in_to.map(|index| difference("removed", None, Some(&to[index])))).collect()
}

fn plugin_of(endpoint: &Endpoint) -> PluginInForce {
    PluginInForce {
        version: endpoint.plugin_ref.version.clone(),
        digest: endpoint.plugin_ref.digest.clone(),
        follows_latest: endpoint.record.plugin.as_deref() == Some(LATEST),
    }
}

/// Returns what no change of settings mends.
fn notes(from: &Endpoint, to: &Endpoint) -> Vec<String> {
    let has_credential = |endpoint: &Endpoint| endpoint.record.signing_secret.is_some() || endpoint.has_write_key();
    match (has_credential(from), has_credential(to)) {
        (true, false) => vec![format!(
            "{} verifies with a secret and {} has none: set one there, it is not carried over",
            from.environment, to.environment
        )],
        (false, true) => {
            vec![format!("{} has a secret and {} has none", to.environment, from.environment)]
        }
        _ if from.settings.enforce_verification != to.settings.enforce_verification => {
            let (enforces, accepts) = if to.settings.enforce_verification { (to, from) } else { (from, to) };
            vec![format!(
                "{} refuses what is not verified and {} accepts it: that is not carried over",
                enforces.environment, accepts.environment
            )]
        }
        _ => Vec::new(),
    }
}
