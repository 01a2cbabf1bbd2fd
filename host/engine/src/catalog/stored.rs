//! Loads the plugin versions that the store keeps.

use std::sync::Arc;

use inlet_sandbox::{LoadError, Plugin, Sandbox, read_manifest};
use inlet_store::{PluginVersion, ReadError, Store};

use super::{Catalog, Unloaded};

impl Catalog {
    /// Returns this catalog with the stored plugin versions added. A version that does not load is logged and becomes an
    /// [`Unloaded`]; it never keeps the server from starting.
    pub async fn with_stored(self, store: &Store, sandbox: &Sandbox) -> Result<Catalog, ReadError> {
        let mut catalog = self;
        for PluginVersion { key, version, digest, .. } in store.plugin_versions().await? {
            let Some(wasm) = store.plugin_wasm(&digest).await? else { continue };
            let wasm = Arc::new(wasm);
            let loaded = {
                let (sandbox, wasm) = (sandbox.clone(), wasm.clone());
                load(move || sandbox.load(&wasm)).await
            };
            let error = match loaded {
                Ok(plugin) if plugin.digest() == digest && plugin.manifest().key == key => {
                    catalog = catalog.with(plugin);
                    continue;
                }
                Ok(plugin) => format!("what is kept has the digest {} and is not what was added", plugin.digest()),
                Err(error) => error,
            };
            tracing::error!(key, version, digest, error, "a plugin of the store does not load; it was left out");
            let manifest = read_manifest(&wasm).ok().map(Box::new);
            catalog = catalog.with_unloaded(Unloaded { key, version, digest, error, manifest });
        }
        Ok(catalog)
    }
}

/// Loads a plugin on a thread that may block, since it may compile. A panic becomes an error sentence too.
async fn load(load: impl FnOnce() -> Result<Plugin, LoadError> + Send + 'static) -> Result<Plugin, String> {
    match tokio::task::spawn_blocking(load).await {
        Ok(loaded) => loaded.map_err(|error| error.to_string()),
        Err(error) => {
            tracing::error!(%error, "loading a plugin ended early; please report it");
            Err("the server failed while it loaded the component; its log says where".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_while_a_plugin_is_loaded_is_an_error_of_that_plugin() {
        let error = load(|| panic!("a bug of the compiler")).await.unwrap_err();
        insta::assert_snapshot!(error, @"the server failed while it loaded the component; its log says where");
    }
}
