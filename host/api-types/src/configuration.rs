//! The configuration of a server as one document: environments, targets, variables and sources.
//!
//! Absent parts stay as they are. A part that is there is whole: settings that it does not name get their default, and its list of
//! mappings is the list. States (a target that is paused), endpoints, keys and tokens are no configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{
    Days, RawJson,
    sources::{MappingRequest, SettingsRequest},
};

/// The value of `plugin` for the version that comes with the server.
pub const BUNDLED: &str = "bundled";

/// Reads a map that may be absent.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The configuration, or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Configuration {
    /// The environments by slug. They are never created or deleted in this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<BTreeMap<String, EnvironmentConfiguration>>,
    /// The sources by key. With `delete=true`, all others are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<BTreeMap<String, SourceConfiguration>>,
}

/// The configuration of an environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentConfiguration {
    /// Its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<EnvironmentSettings>,
    /// The targets by key. With `delete=true`, all others are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<BTreeMap<String, TargetConfiguration>>,
    /// The variables by key. With `delete=true`, all others are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<BTreeMap<String, VariableConfiguration>>,
}

/// The settings of an environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = EnvironmentSettingsConfiguration)]
pub struct EnvironmentSettings {
    /// Human-readable name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Retention of logs, in days; 30 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub retention_days: Option<Days>,
    /// Retention of bodies, in days; the retention of logs if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub body_retention_days: Option<Days>,
    /// `all`, or `failures`: only failed and rejected events keep their bodies; `all` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_bodies: Option<String>,
    /// Hide received values in logs; false if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hide_personal_data: Option<bool>,
}

/// A target of an environment. Its state (running, paused) is no configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetConfiguration {
    /// The kind: `webhook`, `temporal`, `events`, `knock`, `novu` and more. It cannot be changed.
    pub kind: String,
    /// The URL, where the kind has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub url: Option<RawJson>,
    /// The options of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub options: Option<RawJson>,
    /// The keys of the workflows whose runs it gets; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflows: Option<Vec<String>>,
    /// The secrets by name, such as `signing_secret` or `secret_headers.authorization`. An answer shows null for one that is
    /// set; null in a request leaves it as it is.
    #[serde(default, deserialize_with = "or_empty", skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Option<Value>>)]
    pub secrets: BTreeMap<String, Option<RawJson>>,
}

/// A variable of an environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariableConfiguration {
    /// `public` (the default) or `secret`. It cannot be changed.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub variable_type: Option<String>,
    /// The value. Absent in an answer about a secret one; absent in a request, it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Human-readable description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub description: Option<String>,
}

/// A source. With a name, what all environments share is whole: an absent description or image is removed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceConfiguration {
    /// Human-readable name. Required for a new source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// The plugin, one of `/v1/source_providers`. Required for a new source; it cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Human-readable description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 4096)]
    pub description: Option<String>,
    /// The URL (https or http) of the image that represents the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048)]
    pub custom_image_url: Option<String>,
    /// The configuration by environment.
    #[serde(default, deserialize_with = "or_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, SourceEnvironmentConfiguration>,
}

/// The configuration of a source in one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceEnvironmentConfiguration {
    /// The version of the plugin: `bundled`, `latest`, a version that was added, or its digest (`sha256:…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The settings that differ from the plugin's defaults. An absent `enforce_verification` is true if there is a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsRequest>,
    /// The secrets `signing_secret` and `write_key`. An answer shows null for one that is set; null in a request leaves it as
    /// it is.
    #[serde(default, deserialize_with = "or_empty", skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub secrets: BTreeMap<String, Option<RawJson>>,
    /// All mappings, oldest first. A mapping without an id is recognised by its event type, action and what that is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub mappings: Option<Vec<MappingRequest>>,
}

impl SourceEnvironmentConfiguration {
    /// Returns the configuration for another environment, whose settings are `there`: without the secrets, and with
    /// verification enforced where it was, because it needs the secrets of its environment.
    pub fn carried_over(&self, there: Option<&SettingsRequest>) -> Self {
        let mut carried = Self { secrets: BTreeMap::new(), ..self.clone() };
        if let Some(settings) = &mut carried.settings {
            settings.enforce_verification = there.map(|there| there.enforce_verification.clone()).unwrap_or_default();
        }
        carried
    }
}

impl Configuration {
    /// Returns what promoting sources from one environment to another means, as a document for the other one: their
    /// settings, mappings and plugin versions. `present` is the configuration that the other one has. Secrets, endpoints, keys
    /// and what all environments share are left out. All sources are taken if none is named.
    pub fn promoted(&self, from: &str, present: &Configuration, to: &str, sources: &[String]) -> Self {
        let chosen = self.sources.iter().flatten();
        let chosen = chosen.filter(|(key, _)| sources.is_empty() || sources.contains(key));
        let promoted = chosen.filter_map(|(key, source)| {
            let there = present.sources.as_ref().and_then(|all| all.get(key)?.environments.get(to)?.settings.as_ref());
            let environment = source.environments.get(from)?.carried_over(there);
            let environments = BTreeMap::from([(to.to_owned(), environment)]);
            Some((key.clone(), SourceConfiguration { environments, ..SourceConfiguration::default() }))
        });
        Self { environments: None, sources: Some(promoted.collect()) }
    }
}

/// The changes that a document makes, or would make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationPlan {
    /// The version of the configuration that the plan is made from, or that it made; also the `ETag`.
    pub version: String,
    /// True if the changes were made.
    pub applied: bool,
    /// The changes, in the order in which they are made. Empty if the configuration is as the document says.
    pub changes: Vec<PlannedChange>,
    /// The secrets that the document names.
    pub secrets: Vec<PlannedSecret>,
    /// The resources that the document does not name, and that are kept without `delete=true`: `sources/shop`.
    pub kept: Vec<KeptResource>,
    /// Conditions that the operator should know, as in the answer about a source.
    pub warnings: Vec<String>,
}

/// A change of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlannedChange {
    /// The resource: `sources/shop`, `targets/crm`, `variables/base_url`, `environments/production`.
    pub resource: String,
    /// The environment; null for what all environments share.
    #[schema(required)]
    pub environment: Option<String>,
    /// The change.
    pub action: PlannedAction,
    /// True if something is deleted: the resource, or a mapping of it.
    pub destroys: bool,
    /// The fields that differ.
    pub fields: Vec<PlannedField>,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlannedAction {
    /// It is new.
    Create,
    /// It is changed.
    Update,
    /// It is deleted, with everything that belongs to it.
    Delete,
}

/// A field that differs. Secrets are shown as `"set"` and `"changed"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlannedField {
    /// The path in the resource, such as `settings.handle_identifies`.
    pub field: String,
    /// The mapping that the field belongs to, in words.
    #[schema(required)]
    pub mapping: Option<String>,
    /// The value before; absent if the field is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub before: Option<RawJson>,
    /// The value after; absent if the field is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub after: Option<RawJson>,
}

/// A secret that the document names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedSecret {
    /// The resource.
    pub resource: String,
    /// The environment.
    pub environment: String,
    /// The name of the secret, such as `signing_secret`; `value` for that of a variable.
    pub name: String,
    /// The fate of the secret.
    pub state: SecretState,
}

/// The fate of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    /// The server has it, and it stays.
    Kept,
    /// The server had none, and gets it.
    Set,
    /// The server has another one, which is replaced.
    Changed,
    /// The server has none, and the document does not give its value.
    Missing,
}

/// A resource that a document does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptResource {
    /// The resource: `sources/shop`.
    pub resource: String,
    /// The environment; null for a source.
    #[schema(required)]
    pub environment: Option<String>,
}
