//! Choosing and comparing the plugin versions of a source.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{optional_whole_number, providers::Plugin, required};

/// The most requests that one comparison covers.
const MAX_COMPARED: u64 = 500;

/// The version to use: `version`, `digest` or `rollback`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsePlugin {
    /// A version of the source's provider. `latest` follows the version added last, as long as it has the same
    /// verification scheme and accepts the source's options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `sha256:` and the digest of the component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// True to return to the previous version, with the verification scheme that was in force with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<bool>,
    /// True to accept differences in verification and settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<bool>,
}

/// The plugin in force after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsedPlugin {
    /// The environment.
    pub environment: String,
    /// The plugin.
    pub plugin: Plugin,
    /// True if the source uses every version that is added next.
    pub follows_latest: bool,
}

/// The versions to compare.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparePlugins {
    /// A version of the source's provider, its digest, or `latest`; the version in force if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The version to compare with.
    #[serde(deserialize_with = "read_new")]
    pub new: String,
    /// The number of newest requests to compare; 500 if absent.
    #[serde(default, deserialize_with = "read_last", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 500)]
    pub last: Option<u64>,
}

impl ComparePlugins {
    /// Returns the number of newest requests to compare.
    pub fn last(&self) -> u64 {
        self.last.unwrap_or(MAX_COMPARED)
    }
}

fn read_new<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    required(deserializer, "a version, a digest or latest")
}

fn read_last<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    optional_whole_number(deserializer, 1..=MAX_COMPARED, |_| {
        format!("expected a whole number from 1 to {MAX_COMPARED}")
    })
}

/// The differences between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparedPlugins {
    /// The old version.
    pub old: Plugin,
    /// The new version.
    pub new: Plugin,
    /// The number of requests that both versions translated. Each item of a batch counts as one.
    pub compared: usize,
    /// The number of requests with the same result.
    pub same: usize,
    /// The number of requests that both versions reject or fail on, including batch items that are not valid alone.
    pub rejected_by_both: usize,
    /// The number of requests with different results.
    pub different: usize,
    /// The number of log entries that were skipped because their bodies are not stored.
    pub not_kept: usize,
    /// True if fewer requests were compared than requested, because of the time limit.
    pub stopped_early: bool,
    /// The number of requests in which a member differs: `items`, `outcome`, `event_type`, `user_id`, `idempotency_key`,
    /// `occurred_at`, `hints`, `data`, `actions`.
    #[schema(value_type = Object)]
    pub by_member: BTreeMap<String, usize>,
    /// The first 100 requests that differ, newest first.
    pub differences: Vec<PluginDifference>,
}

/// A request with different results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginDifference {
    /// The log entry.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type in the log.
    pub event_type: String,
    /// The first 20 differences.
    pub changes: Vec<PluginChange>,
}

/// A member that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginChange {
    /// The index of the item.
    pub item: usize,
    /// The member.
    pub member: String,
    /// The value with the old version, as shortened text; null if absent.
    #[schema(required)]
    pub old: Option<String>,
    /// The value with the new version, as shortened text; null if absent.
    #[schema(required)]
    pub new: Option<String>,
}
