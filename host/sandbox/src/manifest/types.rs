//! The fields of a manifest.

use inlet_core::{
    settings::OnReject,
    verification::{Template, handshake::Handshake},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::example::Example;

/// A plugin's description of itself and its platform. [`Manifest::from_json`] checks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest: 1 or 2.
    #[serde(default = "first_version", skip_serializing_if = "is_first_version")]
    pub manifest: u64,
    /// Features of the host that the plugin needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// Members that this host does not know, as dot paths. They are not part of the manifest as it is written again.
    #[serde(skip)]
    pub unknown_members: Vec<String>,
    /// `publisher/name`; a bare name for bundled plugins.
    pub key: String,
    /// Human-readable name of the platform.
    pub name: String,
    /// Version of the plugin (semver).
    pub version: String,
    /// Version of the contract that the plugin was built against.
    pub contract: String,
    /// Description of the platform in one or two sentences.
    pub description: String,
    /// Categories in a catalogue, for example `Analytics`.
    pub categories: Vec<String>,
    /// Who answers for the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Licence of the plugin, an SPDX expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The platform's mark: an SVG document without scripts and references, at most 16 KiB before it was sanitised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Links to further information.
    pub links: Links,
    /// The operator's steps at the platform, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<SetupStep>,
    /// HTTP methods that the endpoint accepts, in upper case.
    #[serde(default = "default_methods")]
    pub methods: Vec<String>,
    /// Request headers that the plugin reads, in lower case.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Query parameters that the plugin reads; `*` stands for all.
    #[serde(default)]
    pub query: Vec<String>,
    /// Bytes of the largest body, after decompression.
    #[serde(default = "default_max_body_bytes")]
    pub max_body_bytes: u64,
    /// True if the plugin sees forms as JSON objects ([`crate::forms`]).
    #[serde(default, skip_serializing_if = "is_false")]
    pub forms: bool,
    /// True if the plugin sees the environment's public variables, as the fact `variables`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub variables: bool,
    /// True if the plugin checks its own options ([`crate::Plugin::check_options`]).
    #[serde(default, skip_serializing_if = "is_false")]
    pub checks_options: bool,
    /// The answer to a request whose items were all rejected.
    #[serde(default)]
    pub on_reject: OnReject,
    /// The platform's signature scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Template>,
    /// The platform's questions before it sends events, answered by the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handshake: Vec<Handshake>,
    /// The rules of a plugin without code, for display. What is carried out are those that the component holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Value>,
    /// Settings and mappings of a new source.
    #[serde(default)]
    pub defaults: Defaults,
    /// JSON Schema of the plugin's own settings ([`Manifest::check_options`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Value>,
    /// The extent to which the plugin translates and verifies what the platform sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Support>,
    /// Example payloads, one per event type.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// Dot paths of values that are blanked before an event is stored.
    #[serde(default)]
    pub redact_paths: Vec<String>,
    /// The platform's delivery behaviour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

impl Manifest {
    /// True if the plugin reads the query parameter.
    pub fn lists_query_parameter(&self, name: &str) -> bool {
        self.query.iter().any(|listed| listed == name || listed == "*")
    }
}

/// Who answers for a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// The name of a person or a company.
    pub name: String,
    /// A page to reach them. It uses https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// One thing that the operator does at the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupStep {
    /// Plain text. What stands in backticks is a name on the platform's page.
    pub text: String,
    /// The page where the step is done. It uses https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Links to further information. All use https.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// Website of the platform.
    pub website: String,
    /// Documentation of the platform's webhooks.
    pub docs: String,
    /// Instructions for connecting the platform to Inlet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tutorial: Option<String>,
}

/// Settings and mappings of a new source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Settings of the source environment, by their names in the management API.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Mappings offered to the operator.
    #[serde(default)]
    pub mappings: Vec<DefaultMapping>,
}

/// A mapping offered to the operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultMapping {
    /// Event type that the mapping matches.
    pub event_type: String,
    /// Type of the action, for example `users_identify`.
    pub action_type: String,
    /// Parameters of the action.
    #[serde(default)]
    pub action_parameters: Map<String, Value>,
}

/// The extent to which a plugin translates and verifies what its platform sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// All of it, or a part.
    pub level: SupportLevel,
    /// The missing parts, each in a sentence.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// A level of support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupportLevel {
    /// All of it.
    Full,
    /// A part.
    Partly,
}

/// A platform's delivery behaviour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// Number of retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Hours until the last retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_hours: Option<f64>,
    /// Milliseconds until an unanswered request counts as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Status that counts as delivered, or a class of statuses: `200` or `2xx`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<String>,
    /// Largest number of events in one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_max: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

const fn first_version() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_first_version(version: &u64) -> bool {
    *version == 1
}

fn default_methods() -> Vec<String> {
    ["POST", "PUT", "PATCH"].map(str::to_owned).to_vec()
}

fn default_max_body_bytes() -> u64 {
    5 << 20
}
