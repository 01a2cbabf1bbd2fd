//! The manifest: what a plugin says about its platform and itself, read before anything of it is compiled or run.
//!
//! JSON in the custom section `inlet:manifest`, in the shape of `wit/v0.1/manifest.schema.json`. Reading goes from the
//! outside in: is it JSON, is its contract version known (a later one may have fields that we do not know), is it of the
//! schema, and then what a schema cannot say.

mod bounded;
mod explain;
mod options;
mod read;

use std::collections::BTreeMap;

use inlet_core::verification::Template;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use options::OptionsError;
pub use read::ManifestError;

/// What a plugin says about its platform and itself. Checked when it is made: see [`Manifest::from_json`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `publisher/name`; bundled plugins by bare name.
    pub key: String,
    /// The platform, for people.
    pub name: String,
    /// The plugin's own version (semver).
    pub version: String,
    /// The contract version that it was built against.
    pub contract: String,
    /// A sentence or two about the platform.
    pub description: String,
    /// Where a catalogue shows it, for example `Analytics`.
    pub categories: Vec<String>,
    /// Where to read more.
    pub links: Links,
    /// Methods that the endpoint takes, upper case.
    #[serde(default = "default_methods")]
    pub methods: Vec<String>,
    /// Request headers that the plugin reads, lower case.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Query parameters that the plugin reads; `*` is all of them.
    #[serde(default)]
    pub query: Vec<String>,
    /// The largest body, inflated.
    #[serde(default = "default_max_body_bytes")]
    pub max_body_bytes: u64,
    /// What a sender is answered whose items were all rejected.
    #[serde(default)]
    pub on_reject: OnReject,
    /// How the platform proves itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Template>,
    /// What a new source starts with.
    #[serde(default)]
    pub defaults: Defaults,
    /// JSON Schema of the plugin's own settings; see [`Manifest::check_options`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Value>,
    /// Example payloads by event type.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// Dot paths whose values are blanked before an event is stored.
    #[serde(default)]
    pub redact_paths: Vec<String>,
    /// How the platform sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

/// Where to read more. All of them https.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// The platform.
    pub website: String,
    /// The platform's documentation of its webhooks.
    pub docs: String,
    /// How to set the platform up with Inlet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tutorial: Option<String>,
}

/// What a sender is answered whose items were all rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReject {
    /// 200: many platforms stop their whole feed on a 4xx.
    #[default]
    Accept,
    /// 422 with the reason: the sender is a developer's own code.
    Refuse,
}

/// What a new source starts with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Settings of the source environment, by their name in the management API.
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
    /// What it matches.
    pub event_type: String,
    /// What it does, for example `users_identify`.
    pub action_type: String,
    /// With what.
    #[serde(default)]
    pub action_parameters: Map<String, Value>,
}

/// An example of what the platform sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The event type that it becomes.
    pub event_type: String,
    /// Headers that matter.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: a JSON value, or a string that holds JSON text.
    pub body: Value,
}

/// How the platform sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// How often it tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// For how long it tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_hours: Option<f64>,
    /// How long it waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What it counts as delivered: a status or a class of them, for example `200` or `2xx`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<String>,
    /// The most events in one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_max: Option<u32>,
}

fn default_methods() -> Vec<String> {
    ["POST", "PUT", "PATCH"].map(str::to_owned).to_vec()
}

fn default_max_body_bytes() -> u64 {
    5 << 20
}
