//! Creating and changing a source.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{MappingRequest, SettingsRequest, Source};
use crate::{Patch, RawJson, ReadOnly, required};

/// A source to create or to change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PutSource)]
pub struct UpsertSource {
    /// The source.
    #[serde(deserialize_with = "read_source")]
    pub source: SourceRequest,
}

fn read_source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SourceRequest, D::Error> {
    required(deserializer, "an object")
}

/// The source after the change. A response of `GET /v1/sources/{key}` is a valid value.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SourceRequest {
    /// Human-readable name. Required for a new source; an absent one stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Human-readable description; null removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096)]
    pub description: Patch<String>,
    /// The URL (https or http) of the image that represents the source; null removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    pub custom_image_url: Patch<String>,
    /// The plugin, one of `/v1/source_providers`. Required for a new source, and fixed afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preconfigured_provider: Option<String>,
    /// The configuration by environment. Only the environment of the query is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_settings: Option<BTreeMap<String, EnvironmentRequest>>,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub key: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub environment_status: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub created_at: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub updated_at: ReadOnly,
}

/// The configuration of the source in the environment after the change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentRequest {
    /// Settings to change: null restores the default, an absent setting stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsRequest>,
    /// All mappings; mappings that are absent are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub mappings: Option<Vec<MappingRequest>>,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub updated_at: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub version: ReadOnly,
}

/// The source after the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PutAnswer)]
pub struct UpsertedSource {
    /// The source, with its configuration in the environment of the request. With `dry_run` as it is, and null if it would
    /// be new.
    #[schema(required)]
    pub source: Option<Source>,
    /// Conditions that the operator should know: a path of a mapping that finds nothing in the last events of its type, or in
    /// the plugin's examples; a workflow that no target knows; white space that was removed around a secret.
    pub warnings: Vec<String>,
    /// The members that would differ; only with `dry_run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_change: Option<WouldChange>,
}

/// The members that a change would make different, as the log of changes shows them. Both are null if nothing differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WouldChange {
    /// The members as they are; null for a new source.
    #[schema(required, value_type = Option<Object>)]
    pub before: Option<RawJson>,
    /// The members as they would be. A different secret is shown as `"changed"`.
    #[schema(required, value_type = Option<Object>)]
    pub after: Option<RawJson>,
}
