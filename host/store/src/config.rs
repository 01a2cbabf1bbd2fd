//! Environments, keys, sources and mappings as they are kept. The server holds all of it in memory; nothing here is
//! read per event.
//!
//! No `Debug` shows a token or a signing secret.

use std::fmt;

pub use inlet_core::signing_secret::PreviousSecret;
use inlet_core::signing_secret::SigningSecrets;
use uuid::Uuid;

use crate::{
    administration::{EnvironmentSettings, KeepBodies},
    plugin_version::PreviousPlugin,
};

/// An isolated world of users, logs and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its database id.
    pub id: i64,
    /// In URLs.
    pub slug: String,
    /// For people.
    pub name: String,
    /// How long its logs are kept.
    pub retention_days: i64,
    /// When it was created, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// How long bodies are kept; none: as long as the logs.
    pub body_retention_days: Option<i64>,
    /// Whose bodies are kept.
    pub keep_bodies: KeepBodies,
    /// Whether logs are shown without the values that came.
    pub hide_personal_data: bool,
}

impl Environment {
    /// What of it can be changed.
    pub fn settings(&self) -> EnvironmentSettings {
        EnvironmentSettings {
            name: self.name.clone(),
            retention_days: self.retention_days,
            body_retention_days: self.body_retention_days,
            keep_bodies: self.keep_bodies,
            hide_personal_data: self.hide_personal_data,
        }
    }
}

/// A key to one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// Its database id.
    pub id: i64,
    /// Where it is good.
    pub environment_id: i64,
    /// What is kept of the key.
    pub hash: [u8; 32],
    /// Its last four characters.
    pub hint: String,
    /// When it was created, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it was last used, as far as that was written down, in milliseconds since 1970.
    pub last_used_at_ms: Option<i64>,
}

/// A source with its configuration in every environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRecord {
    /// Its database id.
    pub id: i64,
    /// In URLs; unique.
    pub key: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// For people.
    pub custom_image_url: Option<String>,
    /// The plugin's key.
    pub provider: String,
    /// When it was created, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it was last changed in any environment, in milliseconds since 1970.
    pub updated_at_ms: i64,
    /// By environment id.
    pub environments: Vec<SourceEnvironmentRecord>,
}

/// A source's configuration in one environment.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceEnvironmentRecord {
    /// Its database id.
    pub id: i64,
    /// The environment.
    pub environment_id: i64,
    /// The endpoint's token.
    pub token: String,
    /// Tokens that it replaced and that are good for a while yet, the latest to end first.
    pub previous_tokens: Vec<PreviousToken>,
    /// A JSON object.
    pub settings: String,
    /// What requests are signed with.
    pub signing_secret: Option<String>,
    /// What they were signed with before.
    pub previous_signing_secret: Option<PreviousSecret>,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The digest of a plugin that was added, or [`crate::LATEST`]; none: what the server comes with by the source's key.
    pub plugin: Option<String>,
    /// What it had before that; none: it never had another.
    pub previous_plugin: Option<PreviousPlugin>,
    /// Counts its changes.
    pub version: i64,
    /// When it was last changed, in milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Oldest first.
    pub mappings: Vec<MappingRecord>,
}

impl SourceEnvironmentRecord {
    /// Its signing secrets, both of them.
    pub fn signing_secrets(&self) -> SigningSecrets {
        SigningSecrets { current: self.signing_secret.clone(), previous: self.previous_signing_secret.clone() }
    }
}

impl fmt::Debug for SourceEnvironmentRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceEnvironmentRecord")
            .field("id", &self.id)
            .field("environment_id", &self.environment_id)
            .field("settings", &self.settings)
            .field("has_signing_secret", &self.signing_secret.is_some())
            .field("previous_signing_secret", &self.previous_signing_secret)
            .field("scheme", &self.scheme)
            .field("plugin", &self.plugin)
            .field("version", &self.version)
            .field("mappings", &self.mappings)
            .finish_non_exhaustive()
    }
}

/// An endpoint token that was replaced. Only its hash is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousToken {
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// Until when it is good, in milliseconds since 1970.
    pub until_ms: i64,
}

/// Another token for an endpoint.
#[derive(Clone)]
pub struct EndpointRotation {
    /// Which source environment.
    pub source_environment_id: i64,
    /// The new token.
    pub token: String,
    /// Until when the one that it replaces is good, in milliseconds since 1970; those before it keep their own ends.
    /// None: it and all before it end now.
    pub previous_until_ms: Option<i64>,
}

impl fmt::Debug for EndpointRotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointRotation")
            .field("source_environment_id", &self.source_environment_id)
            .field("previous_until_ms", &self.previous_until_ms)
            .finish_non_exhaustive()
    }
}

/// A mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// Which events.
    pub event_type: String,
    /// Which action.
    pub action_type: String,
    /// A JSON object.
    pub parameters: String,
    /// Whether it applies.
    pub active: bool,
    /// When it was created, in milliseconds since 1970; orders actions of one type.
    pub created_at_ms: i64,
    /// When it was last changed, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// A source to create.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// In URLs; unique.
    pub key: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// For people.
    pub custom_image_url: Option<String>,
    /// The plugin's key.
    pub provider: String,
    /// One for each environment.
    pub environments: Vec<NewSourceEnvironment>,
}

/// Its configuration in one environment.
#[derive(Clone)]
pub struct NewSourceEnvironment {
    /// The environment.
    pub environment_id: i64,
    /// The endpoint's token.
    pub token: String,
    /// A JSON object.
    pub settings: String,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The digest of a plugin that was added; none: what the server comes with by the source's key.
    pub plugin: Option<String>,
}

impl fmt::Debug for NewSourceEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSourceEnvironment")
            .field("environment_id", &self.environment_id)
            .field("settings", &self.settings)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// What a source becomes: every field is what it is afterwards.
#[derive(Debug, Clone)]
pub struct SourceUpdate {
    /// Which source.
    pub source_id: i64,
    /// For people.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// For people.
    pub custom_image_url: Option<String>,
    /// One environment's configuration; none leaves all as they are.
    pub source_environment: Option<SourceEnvironmentUpdate>,
}

/// What a source's configuration in one environment becomes.
#[derive(Clone)]
pub struct SourceEnvironmentUpdate {
    /// Which source environment.
    pub id: i64,
    /// The version that the change was made from.
    pub expected_version: i64,
    /// A JSON object.
    pub settings: String,
    /// What requests are signed with; none removes it.
    pub signing_secret: Option<String>,
    /// What they were signed with before; none removes it.
    pub previous_signing_secret: Option<PreviousSecret>,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The whole list, in place of the one there is; none leaves it.
    pub mappings: Option<Vec<MappingRecord>>,
}

impl fmt::Debug for SourceEnvironmentUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceEnvironmentUpdate")
            .field("id", &self.id)
            .field("expected_version", &self.expected_version)
            .field("settings", &self.settings)
            .field("has_signing_secret", &self.signing_secret.is_some())
            .field("previous_signing_secret", &self.previous_signing_secret)
            .field("scheme", &self.scheme)
            .field("mappings", &self.mappings)
            .finish()
    }
}
