//! Entries about environments and their API keys.

use inlet_core::json;
use inlet_store::{ApiKeyRecord, Author, Environment, EnvironmentSettings, NewChange, NewEnvironment};

/// Logs the creation of an environment.
pub(crate) fn environment_created(author: Author, new: &NewEnvironment) -> NewChange {
    NewChange {
        author,
        operation: "createEnvironment",
        resource: format!("environments/{}", new.slug),
        environment_id: None,
        before: None,
        after: Some(settings_json(&new.settings)),
    }
}

/// Logs a change of an environment's settings.
pub(crate) fn environment_updated(
    author: Author,
    environment: &Environment,
    settings: &EnvironmentSettings,
) -> NewChange {
    let (before, after) = json::difference(&settings_json(&environment.settings()), &settings_json(settings));
    NewChange {
        author,
        operation: "updateEnvironment",
        resource: format!("environments/{}", environment.slug),
        environment_id: Some(environment.id),
        before: Some(before),
        after: Some(after),
    }
}

/// Logs the deletion of an environment.
pub(crate) fn environment_deleted(author: Author, environment: &Environment) -> NewChange {
    NewChange {
        author,
        operation: "deleteEnvironment",
        resource: format!("environments/{}", environment.slug),
        environment_id: None,
        before: Some(settings_json(&environment.settings())),
        after: None,
    }
}

/// Logs the creation of an API key. `hint` is the key's end, by which an operator recognizes it.
pub(crate) fn api_key_created(author: Author, environment: &Environment, hint: &str) -> NewChange {
    NewChange {
        author,
        operation: "createApiKey",
        resource: format!("environments/{}/api_keys/{{id}}", environment.slug),
        environment_id: Some(environment.id),
        before: None,
        after: Some(json::object([("hint", json::quote(hint).as_str())])),
    }
}

/// Logs the deletion of an API key.
pub(crate) fn api_key_deleted(author: Author, environment: &Environment, key: &ApiKeyRecord) -> NewChange {
    NewChange {
        author,
        operation: "deleteApiKey",
        resource: format!("environments/{}/api_keys/{}", environment.slug, key.id),
        environment_id: Some(environment.id),
        before: Some(json::object([("hint", json::quote(&key.hint).as_str())])),
        after: None,
    }
}

fn settings_json(settings: &EnvironmentSettings) -> String {
    let days = settings.body_retention_days.map_or_else(|| "null".to_owned(), |days| days.to_string());
    json::object([
        ("name", json::quote(&settings.name).as_str()),
        ("retention_days", &settings.retention_days.to_string()),
        ("body_retention_days", &days),
        ("keep_bodies", &json::quote(settings.keep_bodies.as_str())),
        ("hide_personal_data", if settings.hide_personal_data { "true" } else { "false" }),
    ])
}
