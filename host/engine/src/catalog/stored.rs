//! Loads the plugin versions that the store keeps.

use std::{collections::BTreeSet, sync::Arc};

use inlet_sandbox::{LoadError, Plugin, Sandbox, read_manifest};
use inlet_store::{PluginVersion, ReadError, Store};

use super::{Catalog, Unloaded};

impl Catalog {
    /// Returns this catalog with the stored plugin versions added. A version that does not load is logged and becomes an
    /// [`Unloaded`]; it never keeps the server from starting.
    pub async fn with_stored(self, store: &Store, sandbox: &Sandbox) -> Result<Catalog, ReadError> {
        let mut catalog = self;
        for version in store.plugin_versions().await? {
            catalog = catalog.with_version(store, sandbox, version).await?;
        }
        Ok(catalog)
    }

    /// Returns this catalog with the versions that the store keeps now, and the keys of the plugins that differ; none if
    /// none does.
    pub async fn follow_stored(
        &self,
        store: &Store,
        sandbox: &Sandbox,
    ) -> Result<Option<(Catalog, Vec<String>)>, ReadError> {
        let stored = store.plugin_versions().await?;
        let is_stored = |digest: &str| stored.iter().any(|version| version.digest == digest);
        let (mut catalog, mut keys) = (self.clone(), BTreeSet::new());
        let known = self.added.iter().map(|plugin| (plugin.manifest().key.as_str(), plugin.digest()));
        let known = known.chain(self.unloaded.iter().map(|unloaded| (unloaded.key.as_str(), unloaded.digest.as_str())));
        for (key, digest) in known.filter(|(_, digest)| !is_stored(digest)) {
            catalog = catalog.without(digest);
            keys.insert(key.to_owned());
        }
        let order: Vec<String> = stored.iter().map(|version| version.digest.clone()).collect();
        for version in stored.into_iter().filter(|version| !self.knows(&version.digest)) {
            keys.insert(version.key.clone());
            catalog = catalog.with_version(store, sandbox, version).await?;
        }
        let order: Vec<&str> = order.iter().map(String::as_str).collect();
        Ok((!keys.is_empty()).then(|| (catalog.in_order(&order), keys.into_iter().collect())))
    }

    fn knows(&self, digest: &str) -> bool {
        self.added.iter().any(|plugin| plugin.digest() == digest)
            || self.unloaded.iter().any(|unloaded| unloaded.digest == digest)
    }

    async fn with_version(
        self,
        store: &Store,
        sandbox: &Sandbox,
        PluginVersion { key, version, digest, .. }: PluginVersion,
    ) -> Result<Catalog, ReadError> {
        let Some(wasm) = store.plugin_wasm(&digest).await? else { return Ok(self) };
        let wasm = Arc::new(wasm);
        let loaded = {
            let (sandbox, wasm) = (sandbox.clone(), wasm.clone());
            load(move || sandbox.load(&wasm)).await
        };
        let error = match loaded {
            Ok(plugin) if plugin.digest() == digest && plugin.manifest().key == key => {
                return Ok(self.with(plugin));
            }
            Ok(plugin) => format!("what is kept has the digest {} and is not what was added", plugin.digest()),
            Err(error) => error,
        };
        tracing::error!(key, version, digest, error, "a plugin of the store does not load; it was left out");
        let manifest = read_manifest(&wasm).ok().map(Box::new);
        Ok(self.with_unloaded(Unloaded { key, version, digest, error, manifest }))
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
