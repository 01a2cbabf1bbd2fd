//! Plugins that were put into the running server, as they are kept.

use std::fmt;

/// In [`crate::SourceEnvironmentRecord::plugin`]: whatever was added last.
pub const LATEST: &str = "latest";

/// What a source environment had before its plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousPlugin {
    /// As [`crate::SourceEnvironmentRecord::plugin`].
    pub plugin: Option<String>,
    /// The verification template that was in force with it, JSON.
    pub scheme: Option<String>,
}

/// A version that is kept, without the component itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginVersion {
    /// The plugin's key.
    pub key: String,
    /// Its version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// When it was added, in milliseconds since 1970.
    pub inserted_at_ms: i64,
}

/// A version to keep.
#[derive(Clone)]
pub struct NewPluginVersion {
    /// The plugin's key.
    pub key: String,
    /// Its version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The component.
    pub wasm: Vec<u8>,
    /// Source environments that follow [`LATEST`] and get this one: by id, with the plugin that they had until now.
    pub followers: Vec<(i64, Option<String>)>,
    /// The key that its publisher is known by from then on; none: it stays as it is.
    pub pin: Option<PublisherPin>,
}

/// A version that is kept already and came again.
#[derive(Clone)]
pub struct PluginVersionAgain {
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The component, if what is kept of it is to be written again.
    pub wasm: Option<Vec<u8>>,
    /// The key that its publisher is known by from then on; none: it stays as it is.
    pub pin: Option<PublisherPin>,
}

/// The key that a publisher's plugins are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherPin {
    /// What is before the slash of a plugin's key.
    pub publisher: String,
    /// Ed25519.
    pub public_key: [u8; 32],
}

impl fmt::Debug for NewPluginVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPluginVersion")
            .field("key", &self.key)
            .field("version", &self.version)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// Another plugin for a source environment.
#[derive(Debug, Clone)]
pub struct PluginUse {
    /// Which source environment.
    pub source_environment_id: i64,
    /// The version that the change was made from.
    pub expected_version: i64,
    /// The digest of a version, or [`LATEST`]; none: what the server comes with.
    pub plugin: Option<String>,
    /// The verification template in force from then on, JSON.
    pub scheme: Option<String>,
}
