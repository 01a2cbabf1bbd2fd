//! Loading the plugins that the server comes with.

use std::{collections::BTreeMap, path::Path};

use inlet_sandbox::{LoadError, Sandbox};

use super::{
    Catalog,
    plugin_directory::{PluginDirectory, Problem},
    warn_of_unknown_members,
};

/// The size in bytes from which a bundled plugin is compiled when it is first called. Compilation takes about a second per MiB.
const LARGE: usize = 1 << 20;

/// A plugin that is built into the binary: its name and its component.
pub type Bundled = (&'static str, &'static [u8]);

/// The reason why the plugins could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A bundled plugin does not load.
    #[error("the bundled plugin {name} does not load: {source}")]
    Bundled {
        /// The plugin's key.
        name: &'static str,
        /// The sandbox's error.
        source: LoadError,
    },
    /// The directory cannot be read.
    #[error("cannot read the plugin directory {directory:?}: {source}; correct --plugins-dir or its permissions")]
    Directory {
        /// The path as it was given.
        directory: std::path::PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl Catalog {
    /// Loads all plugins. Compiles them, except for large bundled ones, and so blocks for a while. A file of the directory that
    /// is no plugin, and a bundled plugin that needs more memory than a sandbox has, are named in the log and left out; neither
    /// keeps the server from starting.
    pub fn load(sandbox: &Sandbox, built_in: &[Bundled], directory: Option<&Path>) -> Result<Catalog, CatalogError> {
        let mut bundled = BTreeMap::new();
        for (name, wasm) in built_in.iter().copied() {
            let plugin = if wasm.len() > LARGE { sandbox.load_when_called(wasm) } else { sandbox.load(wasm) };
            match plugin {
                Ok(plugin) => _ = bundled.insert(plugin.manifest().key.clone(), plugin),
                // The operator's limit. Most servers have no source of it.
                Err(LoadError::InitialMemory { wanted, limit }) => {
                    let advice = "a bundled plugin needs more memory than a sandbox has, and is left out; raise max_sandbox_memory to use it";
                    tracing::warn!(plugin = name, wanted, limit, "{advice}");
                }
                Err(source) => return Err(CatalogError::Bundled { name, source }),
            }
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
        for plugin in catalog.bundled.values().chain(catalog.directory.there()) {
            warn_of_unknown_members(plugin.manifest());
        }
        for Problem { file, message } in catalog.directory.problems() {
            tracing::warn!(file, problem = message, "a file of the plugin directory is not used");
        }
        Ok(catalog)
    }
}
