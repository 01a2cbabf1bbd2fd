//! Entries about sources.

use inlet_core::json;
use inlet_store::{
    Author, Environment, MappingRecord, NewChange, NewSource, NewSourceEnvironment, SourceEnvironmentUpdate,
    SourceRecord, SourceUpdate,
};

use super::string_or_null as text;
use crate::snapshot::Endpoint;

/// Logs the creation of a source, with its configuration in every environment.
pub(crate) fn source_created(author: Author, new: &NewSource, environments: &[Environment]) -> NewChange {
    let environment_of = |id: i64| environments.iter().find(|environment| environment.id == id);
    let configurations: Vec<_> = new
        .environments
        .iter()
        .filter_map(|new| Some((environment_of(new.environment_id)?.slug.as_str(), new_configuration(new))))
        .collect();
    let after = json::object([
        ("name", json::quote(&new.name).as_str()),
        ("description", &text(new.description.as_deref())),
        ("custom_image_url", &text(new.custom_image_url.as_deref())),
        ("preconfigured_provider", &json::quote(&new.provider)),
        ("environment_settings", &json::object(configurations.iter().map(|(slug, text)| (*slug, text.as_str())))),
    ]);
    NewChange {
        author,
        operation: "upsertSource",
        resource: format!("sources/{}", new.key),
        environment_id: None,
        before: None,
        after: Some(after),
    }
}

/// Returns the configuration of a new source in one environment. A secret is recorded as "set", never by value.
fn new_configuration(new: &NewSourceEnvironment) -> String {
    json::object([
        ("settings", new.settings.as_str()),
        ("signing_secret", secret(None, new.signing_secret.as_deref())),
        ("write_key", secret(None, new.write_keys.current.as_deref())),
        ("mappings", &mappings(&new.mappings)),
    ])
}

/// Logs a change of a source: of what all environments share, and of its configuration in one of them.
pub(crate) fn source_changed(
    author: Author,
    source: &SourceRecord,
    endpoint: &Endpoint,
    update: &SourceUpdate,
) -> NewChange {
    let shared = |name: &str, description: Option<&str>, image: Option<&str>| {
        json::object([
            ("name", json::quote(name).as_str()),
            ("description", &text(description)),
            ("custom_image_url", &text(image)),
        ])
    };
    let mut before = shared(&source.name, source.description.as_deref(), source.custom_image_url.as_deref());
    let mut after = shared(&update.name, update.description.as_deref(), update.custom_image_url.as_deref());
    if let Some(update) = &update.source_environment {
        before = json::merge(&before, &environment_before(endpoint));
        after = json::merge(&after, &environment_after(endpoint, update));
    }
    let (before, after) = json::difference(&before, &after);
    NewChange {
        author,
        operation: "upsertSource",
        resource: format!("sources/{}", source.key),
        environment_id: update.source_environment.as_ref().map(|_| endpoint.environment_id),
        before: Some(before),
        after: Some(after),
    }
}

/// Logs the deletion of a source, in all environments.
pub(crate) fn source_deleted(author: Author, source: &SourceRecord) -> NewChange {
    let before = json::object([
        ("name", json::quote(&source.name).as_str()),
        ("description", &text(source.description.as_deref())),
        ("custom_image_url", &text(source.custom_image_url.as_deref())),
        ("preconfigured_provider", &json::quote(&source.provider)),
    ]);
    NewChange {
        author,
        operation: "deleteSource",
        resource: format!("sources/{}", source.key),
        environment_id: None,
        before: Some(before),
        after: None,
    }
}

/// Logs the rotation of an endpoint's token.
pub(crate) fn endpoint_rotated(author: Author, endpoint: &Endpoint, overlap_seconds: u64) -> NewChange {
    NewChange {
        author,
        operation: "rotateSourceEndpoint",
        resource: format!("sources/{}", endpoint.source),
        environment_id: Some(endpoint.environment_id),
        before: None,
        after: Some(json::object([
            ("endpoint", "\"changed\""),
            ("overlap_seconds", overlap_seconds.to_string().as_str()),
        ])),
    }
}

/// Logs a change of the plugin of a source environment. `pin` and `scheme` are the new ones, as they are stored.
pub(crate) fn plugin_used(author: Author, endpoint: &Endpoint, pin: Option<&str>, scheme: Option<&str>) -> NewChange {
    let record = &endpoint.record;
    let shown = |pin: Option<&str>, scheme: Option<&str>| {
        json::object([("plugin", text(pin).as_str()), ("verification", scheme.unwrap_or("null"))])
    };
    let before = shown(record.plugin.as_deref(), record.scheme.as_deref());
    let (before, after) = json::difference(&before, &shown(pin, scheme));
    NewChange {
        author,
        operation: "useSourcePlugin",
        resource: format!("sources/{}", endpoint.source),
        environment_id: Some(endpoint.environment_id),
        before: Some(before),
        after: Some(after),
    }
}

/// Returns the configuration of a source environment before the change.
fn environment_before(endpoint: &Endpoint) -> String {
    let record = &endpoint.record;
    json::object([
        ("settings", record.settings.as_str()),
        ("signing_secret", secret(None, record.signing_secret.as_deref())),
        ("write_key", secret(None, record.write_keys.current.as_deref())),
        ("mappings", &mappings(&record.mappings)),
    ])
}

/// Returns the configuration of a source environment after the change.
fn environment_after(endpoint: &Endpoint, update: &SourceEnvironmentUpdate) -> String {
    let record = &endpoint.record;
    json::object([
        ("settings", update.settings.as_str()),
        ("signing_secret", secret(record.signing_secret.as_deref(), update.signing_secret.as_deref())),
        ("write_key", secret(record.write_keys.current.as_deref(), update.write_keys.current.as_deref())),
        ("mappings", &mappings(update.mappings.as_ref().unwrap_or(&record.mappings))),
    ])
}

/// Returns a secret as an entry shows it: `"set"` or `"changed"`, never by value.
fn secret(present: Option<&str>, new: Option<&str>) -> &'static str {
    match (present, new) {
        (_, None) => "null",
        (Some(present), Some(new)) if present != new => "\"changed\"",
        (_, Some(_)) => "\"set\"",
    }
}

/// Returns the mappings as an object by id, so that [`json::difference`] leaves out each one that stays.
fn mappings(records: &[MappingRecord]) -> String {
    let shown: Vec<_> = records.iter().map(|record| (record.id.to_string(), mapping(record))).collect();
    json::object(shown.iter().map(|(id, mapping)| (id, mapping.as_str())))
}

fn mapping(record: &MappingRecord) -> String {
    let (event_type, action_type) = (json::quote(&record.event_type), json::quote(&record.action_type));
    let mut members = vec![("event_type", event_type.as_str()), ("action_type", &action_type)];
    members.extend(record.when.as_deref().map(|when| ("when", when)));
    members.push(("action_parameters", &record.parameters));
    members.push(("active", if record.active { "true" } else { "false" }));
    json::object(members)
}
