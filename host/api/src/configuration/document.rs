//! Writes the configuration as a document.

use std::collections::BTreeMap;

use inlet_api_types::{
    Days, RawJson,
    configuration::{
        BUNDLED, Configuration, EnvironmentConfiguration, EnvironmentSettings, SourceConfiguration,
        SourceEnvironmentConfiguration, TargetConfiguration, VariableConfiguration,
    },
    sources::{MappingRequest, SettingsRequest},
};
use inlet_core::{json, settings::Settings, variables::VariableType};
use inlet_engine::{
    Engine,
    catalog::{Catalog, default_settings},
    snapshot::{Endpoint, Snapshot},
};
use inlet_store::{
    Environment, EnvironmentSettings as SettingsRecord, KeepBodies, LATEST, MappingRecord, SourceRecord, TargetRecord,
    TargetSecrets, VariableRecord,
};

use crate::{error::ApiError, sources::VersionName, stored_json::stored_json, targets};

/// The retention of logs that a document leaves out, in days.
pub const DEFAULT_DAYS: i64 = 30;

/// Returns the configuration in these environments.
pub async fn document(
    engine: &Engine,
    snapshot: &Snapshot,
    environments: &[&Environment],
) -> Result<Configuration, ApiError> {
    let mut documents = BTreeMap::new();
    for environment in environments {
        documents.insert(environment.slug.clone(), environment_document(engine, snapshot, environment).await?);
    }
    let catalog = engine.catalog();
    let is_shown = |endpoint: &Endpoint| environments.iter().any(|shown| shown.id == endpoint.environment_id);
    let sources = snapshot.sources.values().map(|source| {
        let endpoints = source.endpoints.iter().filter(|(_, endpoint)| is_shown(endpoint));
        let environments = endpoints.map(|(slug, endpoint)| (slug.clone(), of_endpoint(&catalog, endpoint)));
        let document = SourceConfiguration { environments: environments.collect(), ..shared(&source.record) };
        (source.record.key.clone(), document)
    });
    Ok(Configuration { environments: Some(documents), sources: Some(sources.collect()) })
}

async fn environment_document(
    engine: &Engine,
    snapshot: &Snapshot,
    environment: &Environment,
) -> Result<EnvironmentConfiguration, ApiError> {
    let mut targets = BTreeMap::new();
    for record in snapshot.targets_of(environment.id) {
        let secrets = if record.has_secrets { engine.store.target_secrets(record.id).await? } else { None };
        targets.insert(record.key.clone(), target(record, secrets.as_ref()));
    }
    let variables = snapshot.variables_of(environment.id).map(|record| (record.key.clone(), variable(record)));
    Ok(EnvironmentConfiguration {
        settings: Some(environment_settings(&environment.settings())),
        targets: Some(targets),
        variables: Some(variables.collect()),
    })
}

/// Returns the settings of an environment without those that are the default.
pub fn environment_settings(record: &SettingsRecord) -> EnvironmentSettings {
    EnvironmentSettings {
        name: record.name.clone(),
        retention_days: Some(record.retention_days).filter(|days| *days != DEFAULT_DAYS).and_then(Days::new),
        body_retention_days: record.body_retention_days.and_then(Days::new),
        keep_bodies: Some(record.keep_bodies).filter(|keep| *keep != KeepBodies::All).map(|keep| keep.as_str().into()),
        hide_personal_data: record.hide_personal_data.then_some(true),
    }
}

/// Returns a variable without a secret value.
pub fn variable(record: &VariableRecord) -> VariableConfiguration {
    let is_secret = record.variable_type == VariableType::Secret;
    VariableConfiguration {
        variable_type: is_secret.then(|| record.variable_type.as_str().to_owned()),
        value: record.value.clone(),
        description: record.description.clone(),
    }
}

/// Returns a target with the names of its secrets.
pub fn target(record: &TargetRecord, secrets: Option<&TargetSecrets>) -> TargetConfiguration {
    let workflows = record.routing.workflows.as_ref();
    TargetConfiguration {
        workflows: workflows.map(|keys| keys.iter().map(|key| key.to_string()).collect()),
        secrets: secrets.map(target_secret_names).unwrap_or_default(),
        ..target_settings(&record.kind, &record.settings)
    }
}

/// Returns the kind and the stored settings of a target.
pub fn target_settings(kind: &str, settings: &str) -> TargetConfiguration {
    let member = |name| json::member(settings, name).map(stored_json);
    TargetConfiguration {
        kind: kind.to_owned(),
        url: member("url"),
        options: member("options"),
        ..TargetConfiguration::default()
    }
}

/// Returns the names of a target's secrets, each with null in place of its value.
pub fn target_secret_names(secrets: &TargetSecrets) -> BTreeMap<String, Option<RawJson>> {
    targets::secrets::shown(secrets).into_iter().map(|secret| (secret.name, None)).collect()
}

/// Returns what all environments share of a source.
pub fn shared(record: &SourceRecord) -> SourceConfiguration {
    SourceConfiguration {
        name: Some(record.name.clone()),
        provider: Some(record.provider.clone()),
        description: record.description.clone(),
        custom_image_url: record.custom_image_url.clone(),
        environments: BTreeMap::new(),
    }
}

/// Returns the configuration of a source environment.
pub fn of_endpoint(catalog: &Catalog, endpoint: &Endpoint) -> SourceEnvironmentConfiguration {
    let defaults = endpoint.plugin.as_ref().and_then(|plugin| default_settings(plugin).ok()).unwrap_or_default();
    SourceEnvironmentParts {
        plugin: plugin_name(catalog, &endpoint.plugin_ref.key, endpoint.record.plugin.as_deref()),
        settings: &endpoint.settings,
        defaults: &defaults,
        has_signing_secret: endpoint.record.signing_secret.is_some(),
        has_write_key: endpoint.has_write_key(),
        mappings: &endpoint.record.mappings,
    }
    .document()
}

/// The parts of a source environment's configuration.
pub struct SourceEnvironmentParts<'a> {
    /// The plugin, as [`plugin_name`] writes it.
    pub plugin: String,
    /// The settings in force.
    pub settings: &'a Settings,
    /// The defaults of the plugin.
    pub defaults: &'a Settings,
    /// True if there is a signing secret.
    pub has_signing_secret: bool,
    /// True if there is a write key.
    pub has_write_key: bool,
    /// The mappings, oldest first.
    pub mappings: &'a [MappingRecord],
}

impl SourceEnvironmentParts<'_> {
    /// Returns the document. Settings that are the default are left out.
    pub fn document(&self) -> SourceEnvironmentConfiguration {
        let secrets = [("signing_secret", self.has_signing_secret), ("write_key", self.has_write_key)];
        SourceEnvironmentConfiguration {
            plugin: Some(self.plugin.clone()),
            settings: Some(self.settings_document()),
            secrets: secrets.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (name.into(), None)).collect(),
            mappings: Some(self.mappings.iter().map(mapping).collect()),
        }
    }

    fn settings_document(&self) -> SettingsRequest {
        let as_text = |settings: &Settings| serde_json::to_string(settings).unwrap_or_default();
        let (stored, defaults) = (as_text(self.settings), as_text(self.defaults));
        let (stored, defaults) =
            (json::members(&stored).unwrap_or_default(), json::members(&defaults).unwrap_or_default());
        let has_secret = if self.has_signing_secret || self.has_write_key { "true" } else { "false" };
        let options = self.options();
        let differing = stored.iter().filter_map(|(name, value)| match &**name {
            "options" => options.as_deref().map(|options| ("options", options)),
            "enforce_verification" => Some(("enforce_verification", *value)).filter(|_| *value != has_secret),
            // Null is no value that can be set; it stands for the default.
            name => Some((name, *value)).filter(|_| *value != "null" && defaults.get(name) != Some(value)),
        });
        let text = json::object(differing);
        serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::error!(%error, "stored settings cannot be written as a document");
            SettingsRequest::default()
        })
    }

    /// Returns the plugin's options that differ from its defaults. A default that was removed is null.
    fn options(&self) -> Option<String> {
        let (stored, defaults) = (&self.settings.options, &self.defaults.options);
        let changed = stored.iter().filter(|(name, value)| defaults.get(*name) != Some(value));
        let mut members: Vec<_> = changed.map(|(name, value)| (name, value.to_string())).collect();
        let removed = defaults.keys().filter(|name| !stored.contains_key(*name));
        members.extend(removed.map(|name| (name, "null".to_owned())));
        (!members.is_empty()).then(|| json::object(members.iter().map(|(name, value)| (name, value.as_str()))))
    }
}

/// Returns the name of a stored plugin: `bundled`, `latest`, a version, or a digest where the version would be another one.
pub fn plugin_name(catalog: &Catalog, key: &str, pin: Option<&str>) -> String {
    match pin {
        None => BUNDLED.to_owned(),
        Some(LATEST) => LATEST.to_owned(),
        Some(digest) => {
            let version = catalog.by_digest(key, digest).map(|plugin| plugin.manifest().version.clone());
            let is_found = |version: &String| {
                let found = VersionName::Version(version.clone()).find("plugin", catalog, key);
                found.is_ok_and(|choice| choice.pin.as_deref() == Some(digest))
            };
            version.filter(is_found).unwrap_or_else(|| digest.to_owned())
        }
    }
}

/// Returns a mapping without its id and its times.
pub fn mapping(record: &MappingRecord) -> MappingRequest {
    MappingRequest {
        event_type: Some(record.event_type.clone()),
        action_type: Some(record.action_type.clone()),
        when: record.when.as_deref().map(stored_json),
        action_parameters: Some(stored_json(record.parameters.as_str())),
        active: (!record.active).then_some(false),
        ..MappingRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::{
        path::Path,
        settings::{ChangeContext, KeyPaths, OnReject},
        verification::{Template, VerificationHeaders},
    };
    use serde_json::{Value, json};

    use super::*;

    fn members(value: &impl serde::Serialize) -> serde_json::Map<String, Value> {
        serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
    }

    /// Settings of which none is the default. All fields are named, so that a new one cannot be left out.
    fn unusual() -> Settings {
        let path = |text| Path::parse(text).unwrap();
        Settings {
            enforce_verification: true,
            verification_header: Some("x-signature".to_owned()),
            verification_headers: Some(VerificationHeaders::Svix),
            trust_unsigned_batch_items: true,
            enforce_idempotency: true,
            idempotency_window_seconds: 61,
            handle_identifies: true,
            event_type_path: Some(path("body.type")),
            user_id_path: Some(path("body.user")),
            data_path: Some(path("body.data")),
            idempotency_key_path: KeyPaths::new(vec![path("body.id"), path("body.at")]),
            timestamp_path: Some(path("body.at")),
            allowed_origins: vec!["https://shop.example".to_owned()],
            keep_headers: vec!["x-kept".to_owned()],
            redact_paths: vec![path("body.card")],
            max_body_bytes: Some(1000),
            max_items: Some(10),
            max_requests_per_second: Some(50),
            on_reject: Some(OnReject::Refuse),
            options: members(&json!({"ratio": 39.5, "deep": {"a": [1]}})),
        }
    }

    #[test]
    fn every_setting_is_written_and_read_back() {
        let defaults = Settings::default();
        let (all, plain) = (members(&unusual()), members(&defaults));
        for (name, value) in &all {
            assert_ne!(value, &plain[name], "{name} is the default, so this test does not see it");
        }
        // A source names one header or a family of them.
        let one = Settings { verification_headers: None, ..unusual() };
        let family = Settings { verification_header: None, ..unusual() };
        let scheme: Template =
            serde_json::from_value(json!({"scheme": "shared_secret", "header": "webhook-signature"})).unwrap();
        for settings in [one, family] {
            let parts = SourceEnvironmentParts {
                plugin: BUNDLED.to_owned(),
                settings: &settings,
                defaults: &defaults,
                has_signing_secret: false,
                has_write_key: false,
                mappings: &[],
            };
            let written = members(&parts.document().settings.unwrap());
            let context = ChangeContext {
                has_public_url: true,
                defaults: &defaults,
                has_secret: true,
                has_write_key: false,
                scheme: Some(&scheme),
                kept_headers: &[],
                max_items_limit: 20_000,
            };
            let read = defaults.change(&written, context).map_err(|error| error.message).unwrap();
            assert_eq!(read.settings, settings);
        }
    }
}
