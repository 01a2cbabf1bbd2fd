//! The plugins that this server has: those bundled into the binary, those of `--plugins-dir`, and the versions that were
//! added while it ran and are kept in the store.
//!
//! A catalog never changes; adding and removing a version make another. A source uses what the server came with, a
//! version that was added, by its digest, or the version that was added last.

mod choice;
mod load;
pub mod plugin_directory;
mod plugin_requirements;
mod stored;

use std::collections::BTreeMap;

use inlet_sandbox::{Manifest, Plugin};

use self::plugin_directory::PluginDirectory;
pub use self::{
    choice::default_settings,
    load::{Bundled, CatalogError},
    plugin_requirements::{PluginRequirements, same_scheme, scheme_differences},
};

/// All plugins by their keys.
#[derive(Clone)]
pub struct Catalog {
    bundled: BTreeMap<String, Plugin>,
    /// The plugin directory, which comes before the bundled plugins.
    directory: PluginDirectory,
    /// The added versions, in the order of their addition.
    added: Vec<Plugin>,
    /// The added versions that do not load.
    unloaded: Vec<Unloaded>,
}

/// A version that was added and does not load any more.
#[derive(Clone)]
pub struct Unloaded {
    /// The plugin's key.
    pub key: String,
    /// The version.
    pub version: String,
    /// `sha256:` and the digest of the component that was added.
    pub digest: String,
    /// The reason, a sentence.
    pub error: String,
    /// The manifest, as far as it can be read.
    pub manifest: Option<Box<Manifest>>,
}

impl Catalog {
    /// Returns the plugin directory.
    pub fn directory(&self) -> &PluginDirectory {
        &self.directory
    }

    /// Returns this catalog with another plugin directory.
    pub fn with_directory(&self, directory: PluginDirectory) -> Catalog {
        Catalog { directory, ..self.clone() }
    }

    /// Returns this catalog and a version that was added.
    pub fn with(&self, plugin: Plugin) -> Catalog {
        warn_of_unknown_members(plugin.manifest());
        let mut catalog = self.without(plugin.digest());
        catalog.added.push(plugin);
        catalog
    }

    /// Returns this catalog and a version that does not load.
    pub fn with_unloaded(&self, unloaded: Unloaded) -> Catalog {
        let mut catalog = self.without(&unloaded.digest);
        catalog.unloaded.push(unloaded);
        catalog
    }

    /// Returns this catalog without the added version of that digest, loaded or not.
    pub fn without(&self, digest: &str) -> Catalog {
        let mut catalog = self.clone();
        catalog.added.retain(|plugin| plugin.digest() != digest);
        catalog.unloaded.retain(|unloaded| unloaded.digest != digest);
        catalog
    }

    /// Returns this catalog with the added versions in the order of these digests. A version that loads late was not added
    /// last.
    pub fn in_order(mut self, digests: &[&str]) -> Catalog {
        let place = |plugin: &Plugin| digests.iter().position(|digest| *digest == plugin.digest());
        self.added.sort_by_key(|plugin| place(plugin).unwrap_or(usize::MAX));
        self
    }

    /// Returns the plugin that a new source of that key starts with: the version that was added last, else the one that
    /// the server came with.
    pub fn get(&self, key: &str) -> Option<&Plugin> {
        self.added(key).next_back().or_else(|| self.own(key))
    }

    /// Returns the plugin that the server came with: that of the directory before the bundled one.
    pub fn own(&self, key: &str) -> Option<&Plugin> {
        self.directory.get(key).or_else(|| self.bundled.get(key))
    }

    /// Returns all plugins of that key that the server came with since it started. The one that new sources get is first.
    pub fn all_own(&self, key: &str) -> Vec<&Plugin> {
        let own = self.own(key);
        let others = self.directory.ever().chain(self.bundled.values()).filter(|plugin| plugin.manifest().key == key);
        let others = others.filter(|other| own.is_none_or(|own| own.digest() != other.digest()));
        own.into_iter().chain(others).collect()
    }

    /// Returns the added versions of that key, in the order of their addition.
    pub fn added(&self, key: &str) -> impl DoubleEndedIterator<Item = &Plugin> {
        self.added.iter().filter(move |plugin| plugin.manifest().key == key)
    }

    /// Returns the added versions of that key that do not load.
    pub fn unloaded(&self, key: &str) -> impl DoubleEndedIterator<Item = &Unloaded> {
        self.unloaded.iter().filter(move |unloaded| unloaded.key == key)
    }

    /// Returns the plugin of that digest, wherever it came from.
    pub fn by_digest(&self, key: &str, digest: &str) -> Option<&Plugin> {
        let added = self.added(key).find(|plugin| plugin.digest() == digest);
        added.or_else(|| self.all_own(key).into_iter().find(|plugin| plugin.digest() == digest))
    }

    /// Returns the digest that a source which starts with this plugin is pinned to. `None` for a plugin that the server
    /// came with.
    pub fn pin_of(&self, plugin: &Plugin) -> Option<String> {
        let digest = plugin.digest();
        self.added.iter().any(|added| added.digest() == digest).then(|| digest.to_owned())
    }

    /// Iterates over the plugins that new sources start with, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Plugin> {
        let mut keys: Vec<&String> = self
            .bundled
            .keys()
            .chain(self.directory.there().map(|plugin| &plugin.manifest().key))
            .chain(self.added.iter().map(|added| &added.manifest().key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter_map(move |key| self.get(key))
    }
}

/// Logs the members of a manifest that this server does not know: it ignores what a newer one would use.
fn warn_of_unknown_members(manifest: &Manifest) {
    if !manifest.unknown_members.is_empty() {
        tracing::warn!(
            key = manifest.key,
            version = manifest.version,
            members = manifest.unknown_members.join(", "),
            "the manifest of a plugin has members that this server does not know; a newer server may use them"
        );
    }
}
