//! What the log of changes says about sources, environments and tokens: what differs, and never a secret or a token.

use inlet_core::json;
use inlet_sandbox::PublisherKey;
use inlet_store::{
    Author, EnvironmentSettings, MappingRecord, NewChange, NewSource, SourceEnvironmentUpdate, SourceRecord,
    SourceUpdate,
};

use crate::snapshot::Endpoint;

/// Logs the creation of a source, in all environments.
pub fn source_created(author: Author, new: &NewSource) -> NewChange {
    let after = json::object([
        ("name", json::quote(&new.name).as_str()),
        ("description", &text(new.description.as_deref())),
        ("custom_image_url", &text(new.custom_image_url.as_deref())),
        ("preconfigured_provider", &json::quote(&new.provider)),
        ("settings", new.environments.first().map_or("{}", |environment| &environment.settings)),
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

/// Logs a change of a source, in one environment or of what all share.
pub fn source_changed(author: Author, source: &SourceRecord, endpoint: &Endpoint, update: &SourceUpdate) -> NewChange {
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

/// Logs that an endpoint got another token.
pub fn endpoint_rotated(author: Author, endpoint: &Endpoint, overlap_seconds: u64) -> NewChange {
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

/// Logs that a version of a plugin was added, and with it the key that its publisher is known by, if that is new.
pub fn plugin_added(
    author: Author,
    key: &str,
    version: &str,
    digest: &str,
    publisher_key: (Option<PublisherKey>, Option<PublisherKey>),
) -> NewChange {
    let shown = |key: PublisherKey| json::object([("publisher_key", json::quote(&key.fingerprint()).as_str())]);
    let (before, after) = (publisher_key.0.map(shown), publisher_key.1.map(shown));
    let added = version_and_digest(version, digest);
    NewChange {
        author,
        operation: "addSourceProvider",
        resource: provider(key),
        environment_id: None,
        before,
        after: Some(after.map_or_else(|| added.clone(), |after| json::merge(&added, &after))),
    }
}

/// Logs that a version of a plugin was removed.
pub fn plugin_removed(author: Author, key: &str, version: &str, digest: &str) -> NewChange {
    NewChange {
        author,
        operation: "removeSourceProviderVersion",
        resource: provider(key),
        environment_id: None,
        before: Some(version_and_digest(version, digest)),
        after: None,
    }
}

/// Logs that a source got another plugin in one environment: `pin` is as it is stored.
pub fn plugin_used(author: Author, endpoint: &Endpoint, pin: Option<&str>, scheme: Option<&str>) -> NewChange {
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

fn provider(key: &str) -> String {
    format!("source_providers/{}", key.replace('/', "%2F"))
}

fn version_and_digest(version: &str, digest: &str) -> String {
    json::object([("version", json::quote(version).as_str()), ("digest", &json::quote(digest))])
}

/// Logs a repair in one source environment: `resource` is its path below the source, `after` what was asked for.
pub fn repaired(
    author: Author,
    endpoint: &Endpoint,
    operation: &'static str,
    resource: &str,
    after: Option<String>,
) -> NewChange {
    NewChange {
        author,
        operation,
        resource: format!("sources/{}/{resource}", endpoint.source),
        environment_id: Some(endpoint.environment_id),
        before: None,
        after,
    }
}

/// Logs the deletion of a source, in all environments.
pub fn source_deleted(author: Author, source: &SourceRecord) -> NewChange {
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

/// Logs the creation of a key to an environment.
pub fn api_key_created(author: Author, slug: &str, environment_id: i64, hint: &str) -> NewChange {
    NewChange {
        author,
        operation: "createApiKey",
        resource: format!("environments/{slug}/api_keys/{{id}}"),
        environment_id: Some(environment_id),
        before: None,
        after: Some(json::object([("hint", json::quote(hint).as_str())])),
    }
}

/// An environment's settings.
pub fn environment(settings: &EnvironmentSettings) -> String {
    let days = settings.body_retention_days.map_or_else(|| "null".to_owned(), |days| days.to_string());
    json::object([
        ("name", json::quote(&settings.name).as_str()),
        ("retention_days", &settings.retention_days.to_string()),
        ("body_retention_days", &days),
        ("keep_bodies", &json::quote(settings.keep_bodies.as_str())),
        ("hide_personal_data", if settings.hide_personal_data { "true" } else { "false" }),
    ])
}

/// A source in one environment as it is.
fn environment_before(endpoint: &Endpoint) -> String {
    let record = &endpoint.record;
    let secret = if record.signing_secret.is_some() { "\"set\"" } else { "null" };
    json::object([
        ("settings", record.settings.as_str()),
        ("signing_secret", secret),
        ("mappings", &mappings(&record.mappings)),
    ])
}

/// And as it becomes. Of a secret only that it is another.
fn environment_after(endpoint: &Endpoint, update: &SourceEnvironmentUpdate) -> String {
    let secret = match (&endpoint.record.signing_secret, &update.signing_secret) {
        (_, None) => "null",
        (Some(present), Some(new)) if present != new => "\"changed\"",
        (_, Some(_)) => "\"set\"",
    };
    json::object([
        ("settings", update.settings.as_str()),
        ("signing_secret", secret),
        ("mappings", &mappings(update.mappings.as_ref().unwrap_or(&endpoint.record.mappings))),
    ])
}

/// By id, so that those that stay are left out one by one.
fn mappings(records: &[MappingRecord]) -> String {
    let shown: Vec<_> = records.iter().map(|record| (record.id.to_string(), mapping(record))).collect();
    json::object(shown.iter().map(|(id, mapping)| (id, mapping.as_str())))
}

fn mapping(record: &MappingRecord) -> String {
    json::object([
        ("event_type", json::quote(&record.event_type).as_str()),
        ("action_type", &json::quote(&record.action_type)),
        ("action_parameters", &record.parameters),
        ("active", if record.active { "true" } else { "false" }),
    ])
}

/// A text or null.
pub fn text(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), json::quote)
}
