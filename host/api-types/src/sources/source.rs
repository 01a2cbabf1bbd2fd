//! A source and its configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SourceEnvironmentStatus, SourceMapping, SourceSettings};
use crate::PageInfo;

/// A platform that sends events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The source's unique name in URLs.
    pub key: String,
    /// Human-readable name.
    pub name: String,
    /// Human-readable description.
    #[schema(required)]
    pub description: Option<String>,
    /// The image that represents the source.
    #[schema(required)]
    pub custom_image_url: Option<String>,
    /// The plugin that translates its requests, one of `/v1/source_providers`.
    pub preconfigured_provider: String,
    /// The creation time.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time of the last change in any environment.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The configuration by environment; null in a list that does not include it.
    #[schema(required)]
    pub environment_settings: Option<BTreeMap<String, SourceEnvironmentSettings>>,
    /// The status by environment; only if included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_status: Option<BTreeMap<String, SourceEnvironmentStatus>>,
}

/// The configuration of a source in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceEnvironmentSettings {
    /// The time of the last change of settings or mappings.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The number of changes; also the `ETag`.
    pub version: i64,
    /// The settings in force.
    pub settings: SourceSettings,
    /// The mappings from events to actions, oldest first.
    pub mappings: Vec<SourceMapping>,
}

/// All sources, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceList {
    /// The sources.
    pub entries: Vec<Source>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}
