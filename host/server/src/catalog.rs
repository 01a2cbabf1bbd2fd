//! The plugins that this server has: those bundled into the binary, and those of `--plugins-dir`.

use std::{collections::BTreeMap, path::Path};

use cap_std::{ambient_authority, fs::Dir};
use inlet_core::settings::{BadSetting, Settings, Terms};
use inlet_sandbox::{LoadError, Plugin, Sandbox, load_directory};

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// Every plugin by its key.
pub struct Catalog {
    plugins: BTreeMap<String, Plugin>,
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
    pub fn load(sandbox: &Sandbox, directory: Option<&Path>) -> Result<Catalog, CatalogError> {
        let mut plugins = BTreeMap::new();
        for (name, wasm) in BUNDLED {
            let plugin = sandbox.load(wasm).map_err(|source| CatalogError::Bundled { name, source })?;
            plugins.insert(plugin.manifest().key.clone(), plugin);
        }
        let Some(directory) = directory else { return Ok(Catalog { plugins }) };
        let unreadable = |source| CatalogError::Directory { directory: directory.to_owned(), source };
        let opened = Dir::open_ambient_dir(directory, ambient_authority()).map_err(unreadable)?;
        for file in load_directory(sandbox, &opened).map_err(unreadable)? {
            let plugin = match file.result {
                Ok(plugin) => plugin,
                Err(error) => {
                    tracing::warn!(file = file.name, %error, "a file of the plugin directory is no plugin; it was left out");
                    continue;
                }
            };
            let key = plugin.manifest().key.clone();
            if BUNDLED.iter().any(|(name, _)| *name == key) {
                tracing::warn!(file = file.name, key, "a file of the plugin directory replaces a bundled plugin");
            } else if plugins.contains_key(&key) {
                tracing::warn!(file = file.name, key, "two files hold this plugin; the later name wins");
            }
            plugins.insert(key, plugin);
        }
        Ok(Catalog { plugins })
    }

    /// The plugin of that key.
    pub fn get(&self, key: &str) -> Option<&Plugin> {
        self.plugins.get(key)
    }

    /// All plugins, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Plugin> {
        self.plugins.values()
    }
}

/// The settings that a new source with this plugin starts with.
pub fn default_settings(plugin: &Plugin) -> Result<Settings, BadSetting> {
    let manifest = plugin.manifest();
    let base = Settings::default();
    let terms = Terms { defaults: &base, has_secret: false, scheme: manifest.verification.as_ref() };
    base.change(&manifest.defaults.settings, terms).map(|changed| changed.settings)
}
