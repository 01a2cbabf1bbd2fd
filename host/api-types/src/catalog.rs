//! The catalogue: the plugins that ship with the server and are installed on demand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    PageInfo,
    providers::{Plugin, SourceProviderBranding},
};

/// All plugins of the catalogue, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogPluginList {
    /// The plugins.
    pub entries: Vec<CatalogPlugin>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}

/// A plugin that ships with the server and is installed on demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogPlugin {
    /// The plugin's key, for example `inlet/stripe`.
    pub key: String,
    /// The version that the catalogue has.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The size of the component, in bytes.
    pub size: usize,
    /// The name of the platform.
    pub name: String,
    /// A description of one or two sentences.
    pub description: String,
    /// Categories for grouping in lists.
    pub categories: Vec<String>,
    /// The platform's mark; null if the plugin has none.
    #[schema(required)]
    pub branding: Option<SourceProviderBranding>,
    /// The support of what the platform sends; null if the plugin does not say.
    #[schema(required)]
    pub support: Option<PluginSupport>,
    /// The plugin of this key that new sources of the server start with; null if the server has none.
    #[schema(required)]
    pub installed: Option<Plugin>,
}

/// The extent to which a plugin translates and verifies what its platform sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginSupport {
    /// `full` or `partly`.
    pub level: String,
    /// The missing parts, each in a sentence.
    pub missing: Vec<String>,
}
