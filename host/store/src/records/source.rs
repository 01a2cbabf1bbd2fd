//! Sources with their configuration in each environment. The server keeps all of it in memory; nothing here is read per
//! event.
//!
//! No `Debug` shows a token or a signing secret.

use std::fmt;

pub use inlet_core::rotating_secret::PreviousSecret;
use inlet_core::rotating_secret::RotatingSecret;

use super::{mapping::MappingRecord, plugin_version::PreviousPlugin};

/// The key of the hidden source in whose log the calls of the recipients API are kept.
pub const API_LOG: &str = "$api";

/// A source with its configuration in every environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRecord {
    /// The database id.
    pub id: i64,
    /// The name in URLs; unique.
    pub key: String,
    /// Human-readable name.
    pub name: String,
    /// Human-readable description.
    pub description: Option<String>,
    /// The image shown for the source.
    pub custom_image_url: Option<String>,
    /// The plugin's key.
    pub provider: String,
    /// Creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Time of the last change in any environment, in milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Ordered by environment id.
    pub environments: Vec<SourceEnvironmentRecord>,
}

/// A source's configuration in one environment.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceEnvironmentRecord {
    /// The database id.
    pub id: i64,
    /// The environment.
    pub environment_id: i64,
    /// The endpoint's token.
    pub token: String,
    /// Replaced tokens that are still accepted, the latest to expire first.
    pub previous_tokens: Vec<PreviousToken>,
    /// A JSON object.
    pub settings: String,
    /// The secret that requests are signed with.
    pub signing_secret: Option<String>,
    /// The secret that requests were signed with before.
    pub previous_signing_secret: Option<PreviousSecret>,
    /// The write key that requests carry, and the one before.
    pub write_keys: RotatingSecret,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The digest of an added plugin, or [`crate::LATEST`]; none: the bundled plugin with the source's provider key.
    pub plugin: Option<String>,
    /// The plugin before that; none: it never had another.
    pub previous_plugin: Option<PreviousPlugin>,
    /// Counts the changes.
    pub version: i64,
    /// Time of the last change, in milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Oldest first.
    pub mappings: Vec<MappingRecord>,
}

impl SourceEnvironmentRecord {
    /// Returns the current and the previous signing secret.
    pub fn signing_secrets(&self) -> RotatingSecret {
        RotatingSecret { current: self.signing_secret.clone(), previous: self.previous_signing_secret.clone() }
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
            .field("has_write_key", &self.write_keys.current.is_some())
            .field("scheme", &self.scheme)
            .field("plugin", &self.plugin)
            .field("version", &self.version)
            .field("mappings", &self.mappings)
            .finish_non_exhaustive()
    }
}

/// A replaced endpoint token. Only its hash is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The time until which it is accepted, in milliseconds since 1970.
    pub until_ms: i64,
}

/// A new token for an endpoint.
#[derive(Clone)]
pub struct EndpointRotation {
    /// The source environment's database id.
    pub source_environment_id: i64,
    /// The new token.
    pub token: String,
    /// The time until which the replaced token is accepted, in milliseconds since 1970; earlier tokens keep their own
    /// expiry. None: the replaced token and all earlier ones expire now.
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

/// A source to create.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// The name in URLs; unique.
    pub key: String,
    /// Human-readable name.
    pub name: String,
    /// Human-readable description.
    pub description: Option<String>,
    /// The image shown for the source.
    pub custom_image_url: Option<String>,
    /// The plugin's key.
    pub provider: String,
    /// One for each environment.
    pub environments: Vec<NewSourceEnvironment>,
}

/// The initial configuration of a new source in one environment.
#[derive(Clone, Default)]
pub struct NewSourceEnvironment {
    /// The environment's database id.
    pub environment_id: i64,
    /// The endpoint's token.
    pub token: String,
    /// A JSON object.
    pub settings: String,
    /// The secret that requests are signed with.
    pub signing_secret: Option<String>,
    /// The secret that requests were signed with before.
    pub previous_signing_secret: Option<PreviousSecret>,
    /// The write key that requests carry, and the one before.
    pub write_keys: RotatingSecret,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The digest of an added plugin; none: the bundled plugin with the source's provider key.
    pub plugin: Option<String>,
    /// The mappings to start with.
    pub mappings: Vec<MappingRecord>,
}

impl fmt::Debug for NewSourceEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSourceEnvironment")
            .field("environment_id", &self.environment_id)
            .field("settings", &self.settings)
            .field("has_signing_secret", &self.signing_secret.is_some())
            .field("previous_signing_secret", &self.previous_signing_secret)
            .field("has_write_key", &self.write_keys.current.is_some())
            .field("scheme", &self.scheme)
            .field("mappings", &self.mappings)
            .finish_non_exhaustive()
    }
}

/// The new values of a source; every field replaces the present one.
#[derive(Debug, Clone)]
pub struct SourceUpdate {
    /// The source's database id.
    pub source_id: i64,
    /// Human-readable name.
    pub name: String,
    /// Human-readable description.
    pub description: Option<String>,
    /// The image shown for the source.
    pub custom_image_url: Option<String>,
    /// One environment's configuration; none leaves all of them as they are.
    pub source_environment: Option<SourceEnvironmentUpdate>,
}

/// The new values of a source's configuration in one environment.
#[derive(Clone)]
pub struct SourceEnvironmentUpdate {
    /// The source environment's database id.
    pub id: i64,
    /// The version that the change was made from.
    pub expected_version: i64,
    /// A JSON object.
    pub settings: String,
    /// The secret that requests are signed with; none removes it.
    pub signing_secret: Option<String>,
    /// The secret that requests were signed with before; none removes it.
    pub previous_signing_secret: Option<PreviousSecret>,
    /// The write key that requests carry, and the one before.
    pub write_keys: RotatingSecret,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The whole list, which replaces the present one; none leaves it.
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
            .field("has_write_key", &self.write_keys.current.is_some())
            .field("scheme", &self.scheme)
            .field("mappings", &self.mappings)
            .finish()
    }
}
