//! Source providers: the plugins of the server and their versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson, sources::PreprocessScript};

/// A plugin of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plugin {
    /// The plugin's key, for example `segment`.
    pub key: String,
    /// The version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
}

/// All providers, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderList {
    /// The providers.
    pub entries: Vec<ListedProvider>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
    /// Problems in the plugin directory.
    pub problems: Vec<PluginProblem>,
}

/// A problem with a file of the plugin directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginProblem {
    /// The file's name in the directory; null: the directory itself.
    #[schema(required)]
    pub file: Option<String>,
    /// The problem, and its repair.
    pub message: String,
}

/// A provider in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedProvider {
    /// The provider's key, which `preconfigured_provider` names.
    pub key: String,
    /// The plugin's version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The platform.
    pub provider: SourceProviderPlatform,
    /// The number of source environments with the provider, of those that the token gives access to.
    pub source_environments: usize,
    /// The number of them in which the plugin is quarantined.
    pub quarantined: usize,
}

/// A platform that sources can be created for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceProvider {
    /// The provider's key, which `preconfigured_provider` names.
    pub key: String,
    /// The plugin's version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The contract version that the plugin was built against.
    pub contract: String,
    /// The platform.
    pub provider: SourceProviderPlatform,
    /// The settings of a new source.
    pub default_settings: SourceProviderDefaultSettings,
    /// The methods that the endpoint accepts.
    pub methods: Vec<String>,
    /// Request headers that the plugin reads, in lower case.
    pub headers: Vec<String>,
    /// Query parameters that the plugin reads; `*` is all of them.
    pub query: Vec<String>,
    /// The largest body after decompression, in bytes.
    pub max_body_bytes: u64,
    /// The verification scheme of the platform, and the limits of that scheme.
    #[schema(required, value_type = Option<Object>)]
    pub verification: Option<Value>,
    /// The platform as a sender: `retries`, `horizon_hours`, `timeout_ms`, `success`, `batch_max`.
    #[schema(required, value_type = Option<Object>)]
    pub sender: Option<Value>,
    /// Paths that are redacted before an event is stored.
    pub redact_paths: Vec<String>,
    /// A JSON Schema of the plugin's own settings.
    #[schema(required, value_type = Option<Object>)]
    pub options: Option<Value>,
    /// The versions: the bundled one, then added ones in the order of adding.
    pub versions: Vec<SourceProviderVersion>,
    /// Mappings suggested to the operator; only if included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_action_mappings: Option<Vec<SourceProviderMapping>>,
    /// Example payloads by event type; only if included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example_payloads: Option<BTreeMap<String, Vec<ExamplePayload>>>,
    /// Always empty; only if included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub static_fields: Option<Map<String, Value>>,
}

/// The platform of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderPlatform {
    /// Human-readable name.
    pub name: String,
    /// A description of one or two sentences.
    pub description: String,
    /// Categories for grouping in lists.
    pub categories: Vec<String>,
    /// The platform's website.
    pub website_url: String,
    /// The platform's documentation of its webhooks.
    pub webhook_docs_url: String,
    /// Instructions for setting up the platform.
    #[schema(required)]
    pub knock_tutorial_url: Option<String>,
    /// Always null.
    #[schema(required, value_type = Option<String>)]
    pub webhook_config_deep_link: (),
    /// The platform's mark; null if the plugin has none.
    #[schema(required)]
    pub branding: Option<SourceProviderBranding>,
    /// The operator's steps at the platform once the endpoint's URL is copied, in order.
    pub setup: Vec<SourceProviderSetupStep>,
    /// Who answers for the plugin; null if the plugin does not say.
    #[schema(required)]
    pub author: Option<SourceProviderAuthor>,
    /// The licence of the plugin, an SPDX expression; null if the plugin does not say.
    #[schema(required)]
    pub license: Option<String>,
}

/// The mark of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderBranding {
    /// A `data:` URL of an SVG image without scripts and references, of at most some 30 KB.
    pub icon_image: String,
    /// Always empty.
    #[schema(value_type = Object)]
    pub wordmark_images: Map<String, Value>,
}

/// One thing that the operator does at the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderSetupStep {
    /// Plain text of at most 500 characters. What stands in backticks is a name on the platform's page.
    pub text: String,
    /// The page where the step is done, by https; null if the plugin names none.
    #[schema(required)]
    pub link: Option<String>,
}

/// Who answers for a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderAuthor {
    /// The name of a person or a company.
    pub name: String,
    /// A page to reach them, by https; null if the plugin does not say.
    #[schema(required)]
    pub link: Option<String>,
}

/// The settings of a new source. Other settings of the manifest are members too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderDefaultSettings {
    /// The path to the event type; empty: the plugin finds it.
    pub event_type_path: String,
    /// True if requests that are not verified are refused. A first signing secret turns it on.
    pub enforce_verification: bool,
    /// The path to the idempotency key; null: the plugin finds it.
    #[schema(required)]
    pub idempotency_key_path: Option<String>,
    /// The path to the time; null: the plugin finds it.
    #[schema(required)]
    pub timestamp_path: Option<String>,
    /// The script that a new source starts with; null for plugins that run none.
    #[schema(required)]
    pub preprocessing_script: Option<PreprocessScript>,
    /// The other settings.
    #[serde(flatten)]
    #[schema(ignore)]
    pub others: Map<String, Value>,
}

/// A mapping suggested to the operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderMapping {
    /// The event type that the mapping matches.
    pub event_type: String,
    /// The action.
    pub action_type: String,
    /// The parameters of the action.
    #[schema(value_type = Object)]
    pub action_parameters: Map<String, Value>,
}

/// An example of a request of the platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExamplePayload {
    /// The body, if it is a JSON object; otherwise null.
    #[schema(required, value_type = Option<Object>)]
    pub body: Option<RawJson>,
    /// The method.
    pub method: String,
    /// The path behind the endpoint's token, with its leading slash; else empty.
    pub path: String,
    /// The relevant query parameters, decoded.
    pub query: BTreeMap<String, String>,
    /// The relevant headers.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub raw_body: String,
}

/// A version of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderVersion {
    /// The plugin's version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// `server`: bundled, or in the plugin directory. `added`: added to the running server.
    pub origin: String,
    /// The fingerprint of the publisher's key; null: the component is not signed, or does not load.
    #[schema(required)]
    pub signed_by: Option<String>,
    /// The time of adding; null for a version of the server.
    #[schema(required, format = DateTime)]
    pub added_at: Option<String>,
    /// False if the version no longer loads. Sources that use it return 503 until it is added again, or they use another.
    pub loaded: bool,
    /// The reason for which it does not load.
    #[schema(required)]
    pub load_error: Option<String>,
    /// The sources that use the version.
    pub used_by: Vec<SourceProviderVersionUser>,
}

/// A source that uses a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceProviderVersionUser {
    /// The source.
    pub source: String,
    /// The environment.
    pub environment: String,
    /// True if the source uses every version that is added next.
    pub follows_latest: bool,
    /// The version that a rollback returns to; null if the source never had another one, or that one is gone.
    #[schema(required)]
    pub previous_version: Option<String>,
    /// The quarantine of the plugin in this source environment; null if it is run.
    #[schema(required)]
    pub quarantine: Option<PluginQuarantine>,
    /// The most memory that a call took since the server started or the source got the version, in bytes; null without a
    /// call.
    #[schema(required)]
    pub peak_memory_bytes: Option<u64>,
}

/// A plugin that is not run in a source environment, because it failed on most requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginQuarantine {
    /// The time of its begin.
    #[schema(format = DateTime)]
    pub since: String,
    /// The calls in the minute before.
    pub calls: u64,
    /// The number of them that ended in a fault of the plugin.
    pub faults: u64,
    /// The seconds between two requests on which the plugin is tried.
    pub tried_every_seconds: i64,
    /// The number of these in a row that went well.
    pub good_tries: u32,
    /// The number in a row that ends the quarantine. Choosing a version ends it at once.
    pub good_tries_needed: u32,
}

/// The laws that hold for every plugin, checked on one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConformanceReport {
    /// The plugin's key.
    pub plugin: String,
    /// The version.
    pub version: String,
    /// The digest of the component that was checked.
    pub digest: String,
    /// True if no law failed that every plugin must keep.
    pub conforms: bool,
    /// The laws, in the order in which they were checked.
    pub checks: Vec<ConformanceCheck>,
}

/// A law with its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConformanceCheck {
    /// The law's name.
    pub id: String,
    /// The law in one sentence.
    pub says: String,
    /// True if every plugin must keep it; false if it is advice.
    pub is_must: bool,
    /// True if the plugin keeps it.
    pub passed: bool,
    /// What was found, in sentences; empty if it passed.
    pub findings: Vec<String>,
    /// Measurements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
