//! Plugin versions that were added to the running server, and their publishers' keys.

use std::fmt;

/// The value of [`crate::SourceEnvironmentRecord::plugin`] that follows the version added last.
pub const LATEST: &str = "latest";

/// The plugin that a source environment had before its present one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousPlugin {
    /// See [`crate::SourceEnvironmentRecord::plugin`].
    pub plugin: Option<String>,
    /// The verification template that was in force with it, JSON.
    pub scheme: Option<String>,
}

/// A stored version, without its component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginVersion {
    /// The plugin's key.
    pub key: String,
    /// The plugin's version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The time at which it was added, in milliseconds since 1970.
    pub inserted_at_ms: i64,
}

/// A version to store.
#[derive(Clone)]
pub struct NewPluginVersion {
    /// The plugin's key.
    pub key: String,
    /// The plugin's version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The component.
    pub wasm: Vec<u8>,
    /// Source environments that follow [`LATEST`] and change to this version: their ids, with the plugin that they had
    /// until now.
    pub followers: Vec<(i64, Option<String>)>,
    /// The publisher's key from now on; none leaves the present one.
    pub pin: Option<PublisherPin>,
}

/// A stored version that was added once more.
#[derive(Clone)]
pub struct PluginVersionAgain {
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The component, if the stored one is to be overwritten.
    pub wasm: Option<Vec<u8>>,
    /// The publisher's key from now on; none leaves the present one.
    pub pin: Option<PublisherPin>,
}

/// The key that a publisher's plugins are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherPin {
    /// The part before the slash of a plugin's key.
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

/// A change of a source environment's plugin.
#[derive(Debug, Clone)]
pub struct PluginUse {
    /// The source environment's database id.
    pub source_environment_id: i64,
    /// The version that the change was made from.
    pub expected_version: i64,
    /// The digest of a stored version, or [`LATEST`]; none: the bundled plugin.
    pub plugin: Option<String>,
    /// The verification template in force from then on, JSON.
    pub scheme: Option<String>,
}
