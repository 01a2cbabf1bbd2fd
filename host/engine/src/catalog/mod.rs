//! The plugins that this server has: those bundled into the binary, those of `--plugins-dir`, and the versions that were
//! added while it ran and are kept in the store.
//!
//! A catalog is a snapshot and never changes; adding and removing make another. A source has what the server came with,
//! a version that was added, by its digest, or whatever was added last.

pub mod plugin_directory;
mod stored;

use std::{collections::BTreeMap, path::Path};

use inlet_core::{
    settings::{self, BadSetting, Settings},
    verification::Template,
};
use inlet_sandbox::{LoadError, Manifest, Plugin, Sandbox};
use inlet_store::LATEST;
use plugin_directory::{PluginDirectory, Problem};
use serde_json::{Map, Value};

/// A plugin that is built into the binary: its name and its component.
pub type Bundled = (&'static str, &'static [u8]);

/// Every plugin by its key.
#[derive(Clone)]
pub struct Catalog {
    bundled: BTreeMap<String, Plugin>,
    /// Before what is bundled.
    directory: PluginDirectory,
    /// What was added, in that order.
    added: Vec<Plugin>,
    /// What was added and does not load.
    unloaded: Vec<Unloaded>,
}

/// A version that was added and does not load any more.
#[derive(Clone)]
pub struct Unloaded {
    /// The plugin's key.
    pub key: String,
    /// Its version.
    pub version: String,
    /// `sha256:` and the digest of the component that was added.
    pub digest: String,
    /// Why, a sentence.
    pub error: String,
    /// What it says about itself, as far as that can be read.
    pub manifest: Option<Box<Manifest>>,
}

/// What a source environment has and a plugin must fit that comes to it without being asked for.
#[derive(Clone, Copy)]
pub struct PluginRequirements<'a> {
    /// The verification scheme in force.
    pub scheme: Option<&'a Template>,
    /// The options that are set.
    pub options: &'a Map<String, Value>,
}

impl PluginRequirements<'_> {
    /// Whether a plugin verifies so and takes these options.
    pub fn are_met_by(&self, plugin: &Plugin) -> bool {
        self.has_scheme_of(plugin) && plugin.manifest().check_options(&Value::Object(self.options.clone())).is_ok()
    }

    fn has_scheme_of(&self, plugin: &Plugin) -> bool {
        same_scheme(plugin.manifest().verification.as_ref(), self.scheme)
    }
}

/// Why the plugins could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A plugin that came with the server does not load.
    #[error("the bundled plugin {name} does not load: {source}")]
    Bundled {
        /// Its key.
        name: &'static str,
        /// Why.
        source: LoadError,
    },
    /// The directory cannot be read.
    #[error("cannot read the plugin directory {directory:?}: {source}; correct --plugins-dir or its permissions")]
    Directory {
        /// As given.
        directory: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Catalog {
    /// Loads all plugins. Compiles, and so blocks for a while. A file of the directory that is no plugin is named in the
    /// log and left out; it never keeps the server from starting.
    pub fn load(sandbox: &Sandbox, built_in: &[Bundled], directory: Option<&Path>) -> Result<Catalog, CatalogError> {
        let mut bundled = BTreeMap::new();
        for (name, wasm) in built_in.iter().copied() {
            let plugin = sandbox.load(wasm).map_err(|source| CatalogError::Bundled { name, source })?;
            bundled.insert(plugin.manifest().key.clone(), plugin);
        }
        let directory = match directory {
            None => PluginDirectory::default(),
            Some(directory) => PluginDirectory::read(sandbox, directory, &PluginDirectory::default())
                .map_err(|source| CatalogError::Directory { directory: directory.to_owned(), source })?,
        };
        let catalog = Catalog { bundled, directory, added: Vec::new(), unloaded: Vec::new() };
        for plugin in catalog.directory.there().filter(|plugin| catalog.bundled.contains_key(&plugin.manifest().key)) {
            tracing::warn!(key = plugin.manifest().key, "a file of the plugin directory replaces a bundled plugin");
        }
        for Problem { file, message } in catalog.directory.problems() {
            tracing::warn!(file, problem = message, "a file of the plugin directory is not used");
        }
        Ok(catalog)
    }

    /// What `--plugins-dir` holds.
    pub fn directory(&self) -> &PluginDirectory {
        &self.directory
    }

    /// This one with what `--plugins-dir` holds now.
    pub fn with_directory(&self, directory: PluginDirectory) -> Catalog {
        Catalog { directory, ..self.clone() }
    }

    /// This one and a plugin that was added.
    pub fn with(&self, plugin: Plugin) -> Catalog {
        let mut catalog = self.without(plugin.digest());
        catalog.added.push(plugin);
        catalog
    }

    /// This one and a version that does not load.
    pub fn with_unloaded(&self, unloaded: Unloaded) -> Catalog {
        let mut catalog = self.without(&unloaded.digest);
        catalog.unloaded.push(unloaded);
        catalog
    }

    /// This one without what was added with that digest, loaded or not.
    pub fn without(&self, digest: &str) -> Catalog {
        let mut catalog = self.clone();
        catalog.added.retain(|plugin| plugin.digest() != digest);
        catalog.unloaded.retain(|unloaded| unloaded.digest != digest);
        catalog
    }

    /// This one with what was added in the order of these digests: what loads late is not added last.
    pub fn in_order(mut self, digests: &[&str]) -> Catalog {
        let place = |plugin: &Plugin| digests.iter().position(|digest| *digest == plugin.digest());
        self.added.sort_by_key(|plugin| place(plugin).unwrap_or(usize::MAX));
        self
    }

    /// The plugin that a new source of that key starts with: what was added last, else what the server came with.
    pub fn get(&self, key: &str) -> Option<&Plugin> {
        self.added(key).next_back().or_else(|| self.own(key))
    }

    /// What the server came with: the directory over what is bundled.
    pub fn own(&self, key: &str) -> Option<&Plugin> {
        self.directory.get(key).or_else(|| self.bundled.get(key))
    }

    /// All that the server came with under that key since it started, what new sources get first.
    pub fn all_own(&self, key: &str) -> Vec<&Plugin> {
        let own = self.own(key);
        let others = self.directory.ever().chain(self.bundled.values()).filter(|plugin| plugin.manifest().key == key);
        let others = others.filter(|other| own.is_none_or(|own| own.digest() != other.digest()));
        own.into_iter().chain(others).collect()
    }

    /// What was added under that key, in that order.
    pub fn added(&self, key: &str) -> impl DoubleEndedIterator<Item = &Plugin> {
        self.added.iter().filter(move |plugin| plugin.manifest().key == key)
    }

    /// What was added under that key and does not load.
    pub fn unloaded(&self, key: &str) -> impl DoubleEndedIterator<Item = &Unloaded> {
        self.unloaded.iter().filter(move |unloaded| unloaded.key == key)
    }

    /// The plugin of that digest, wherever it came from.
    pub fn by_digest(&self, key: &str, digest: &str) -> Option<&Plugin> {
        let added = self.added(key).find(|plugin| plugin.digest() == digest);
        added.or_else(|| self.all_own(key).into_iter().find(|plugin| plugin.digest() == digest))
    }

    /// Whether a plugin was added, not brought along: what a source that starts with it is pinned to.
    pub fn pin_of(&self, plugin: &Plugin) -> Option<String> {
        let digest = plugin.digest();
        self.added.iter().any(|added| added.digest() == digest).then(|| digest.to_owned())
    }

    /// The plugin of a source: `pinned` is as it is stored, `before` the digest of what it had. Who follows what was added
    /// last gets the last one that fits: another scheme, and what does not take the source's options, is in force only when
    /// an operator takes it.
    pub fn in_force(
        &self,
        key: &str,
        pinned: Option<&str>,
        requirements: PluginRequirements<'_>,
        before: Option<&str>,
    ) -> Option<&Plugin> {
        match pinned {
            None => self.own_in_force(key, requirements, before),
            Some(LATEST) => {
                let last = |fits: &dyn Fn(&Plugin) -> bool| self.added(key).rev().find(|plugin| fits(plugin));
                // Options that nothing takes are no reason to have nothing.
                last(&|plugin| requirements.are_met_by(plugin))
                    .or_else(|| last(&|plugin| requirements.has_scheme_of(plugin)))
                    .or_else(|| self.own_in_force(key, requirements, before))
            }
            Some(digest) => self.by_digest(key, digest),
        }
    }

    /// Of what the server came with. A source keeps what it had when that was taken out of the directory, and when what
    /// took its place does not fit.
    fn own_in_force(&self, key: &str, requirements: PluginRequirements<'_>, before: Option<&str>) -> Option<&Plugin> {
        let own = self.own(key);
        let had = before.and_then(|digest| self.all_own(key).into_iter().find(|plugin| plugin.digest() == digest));
        match (had, own) {
            (Some(had), Some(own)) => {
                let is_removed = self.directory.gone_file(had.digest()).is_some() && self.directory.get(key).is_none();
                Some(if is_removed || !requirements.are_met_by(own) { had } else { own })
            }
            (had, own) => had.or(own),
        }
    }

    /// What new sources start with, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Plugin> {
        let mut keys: Vec<&String> = self
            .bundled
            .keys()
            .chain(self.directory.there().map(|held| &held.manifest().key))
            .chain(self.added.iter().map(|added| &added.manifest().key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter_map(move |key| self.get(key))
    }
}

/// Whether two templates verify alike; their examples do not count.
pub fn same_scheme(one: Option<&Template>, other: Option<&Template>) -> bool {
    scheme_differences(one, other).is_empty()
}

/// The members in which two templates differ; `scheme` when only one of them is there.
pub fn scheme_differences(one: Option<&Template>, other: Option<&Template>) -> Vec<String> {
    if one == other {
        return Vec::new();
    }
    let members = |template: Option<&Template>| match template.map(serde_json::to_value) {
        Some(Ok(Value::Object(members))) => members,
        _ => Map::new(),
    };
    let (one, other) = (members(one), members(other));
    let mut names: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| name != "vectors" && name != "uncovered" && one.get(name) != other.get(name));
    names
}

/// The settings that a new source with this plugin starts with.
pub fn default_settings(plugin: &Plugin) -> Result<Settings, BadSetting> {
    let manifest = plugin.manifest();
    let base = Settings::default();
    let terms = settings::ChangeContext { defaults: &base, has_secret: false, scheme: manifest.verification.as_ref() };
    base.change(&manifest.defaults.settings, terms).map(|changed| changed.settings)
}
