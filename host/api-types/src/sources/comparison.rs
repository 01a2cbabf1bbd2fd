//! The differences of a source between two environments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SourceMapping;
use crate::{RawJson, configuration::SourceEnvironmentConfiguration};

/// The differences of a source between two environments: what would have to change in `to`, so that it is like `from`.
/// Endpoints and secrets belong to their environment and are no differences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceComparison {
    /// The environment that is the model.
    pub from: String,
    /// The environment that is compared with it.
    pub to: String,
    /// The version of the configuration, for `If-Match`.
    pub version: String,
    /// The settings that differ, with the values in force. An option of the plugin is written `options.NAME`.
    pub settings: Vec<SettingDifference>,
    /// The mappings that differ.
    pub mappings: Vec<MappingDifference>,
    /// The plugins, if they differ.
    #[schema(required)]
    pub plugin: Option<PluginsInForce>,
    /// The change that makes `to` like `from`, without the parts that do not differ: the value of
    /// `sources.{key}.environments.{to}` in the body of `PUT /v1/configuration`.
    pub change: SourceEnvironmentConfiguration,
    /// Conditions that the change does not mend, such as a secret that only one of the two has.
    pub notes: Vec<String>,
}

impl SourceComparison {
    /// Returns the number of differences.
    pub fn count(&self) -> usize {
        self.settings.len() + self.mappings.len() + usize::from(self.plugin.is_some())
    }
}

/// A setting with two values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SettingDifference {
    /// The setting.
    pub name: String,
    /// The value in `from`; null if there is none.
    #[schema(required, value_type = Value)]
    pub from: RawJson,
    /// The value in `to`; null if there is none.
    #[schema(required, value_type = Value)]
    pub to: RawJson,
}

/// A mapping that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MappingDifference {
    /// `added`: only `from` has it. `removed`: only `to` has it. `changed`: both have it, with another condition, other
    /// parameters, or switched otherwise.
    pub change: String,
    /// The mapping in `from`; null if it has none.
    #[schema(required)]
    pub from: Option<SourceMapping>,
    /// The mapping in `to`; null if it has none.
    #[schema(required)]
    pub to: Option<SourceMapping>,
}

/// The plugins of two environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginsInForce {
    /// The plugin in `from`.
    pub from: PluginInForce,
    /// The plugin in `to`.
    pub to: PluginInForce,
}

/// The plugin of a source in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginInForce {
    /// The version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// True if the source uses every version that is added next.
    pub follows_latest: bool,
}
