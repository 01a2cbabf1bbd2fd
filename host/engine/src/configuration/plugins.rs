//! Changes of the plugins that the server has.

use std::collections::HashSet;

use inlet_sandbox::{Manifest, Plugin, PublisherKey};
use inlet_store::{LATEST, NewPluginVersion, PluginVersion, PluginVersionAgain, PublisherPin};

use super::{ConfigurationChange, ConfigureError};
use crate::{
    catalog::{Catalog, plugin_directory::PluginDirectory},
    change_log,
    snapshot::Snapshot,
};

/// The change of a publisher's pinned key that comes with a plugin. The default changes nothing.
#[derive(Default)]
pub struct PublisherPinning {
    /// The key to pin. `None` leaves the pinned key as it is.
    pub pin: Option<PublisherPin>,
    /// The key that was pinned before, if `pin` replaces one.
    pub replaced: Option<PublisherKey>,
}

impl PublisherPinning {
    /// Returns the publisher's key before and after, for the change log.
    fn logged(&self, plugin: &Plugin) -> (Option<PublisherKey>, Option<PublisherKey>) {
        (self.replaced, plugin.publisher_key().filter(|_| self.pin.is_some()))
    }
}

impl ConfigurationChange {
    /// Adds a version of a plugin. Source environments that follow the latest version get it at once if it fits them.
    pub async fn add_plugin(
        &self,
        plugin: Plugin,
        wasm: Vec<u8>,
        publisher: PublisherPinning,
    ) -> Result<(), ConfigureError> {
        let catalog = self.catalog();
        let Manifest { key, version, .. } = plugin.manifest().clone();
        let digest = plugin.digest().to_owned();
        let log = change_log::plugin_added(self.author(), &key, &version, &digest, publisher.logged(&plugin));
        let followers = followers(&self.snapshot(), &catalog, &plugin);
        let new = NewPluginVersion { key: key.clone(), version, digest, wasm, followers, pin: publisher.pin };
        self.engine().store.plugin_insert(new, log).await?;
        Ok(self.replace_catalog(catalog.with(plugin), &key).await?)
    }

    /// Adds a version again that is kept already: pins its publisher's key, and writes and loads the component if it is
    /// not loaded. `order` holds the digests of all kept versions, the first added first. Returns false if that changes
    /// nothing.
    pub async fn add_plugin_again(
        &self,
        plugin: Plugin,
        wasm: Vec<u8>,
        order: &[&str],
        publisher: PublisherPinning,
    ) -> Result<bool, ConfigureError> {
        let catalog = self.catalog();
        let Manifest { key, version, .. } = plugin.manifest().clone();
        let digest = plugin.digest().to_owned();
        let is_loaded = catalog.added(&key).any(|added| added.digest() == digest);
        if is_loaded && publisher.pin.is_none() {
            return Ok(false);
        }
        let log = change_log::plugin_added(self.author(), &key, &version, &digest, publisher.logged(&plugin));
        let again = PluginVersionAgain { digest, wasm: (!is_loaded).then_some(wasm), pin: publisher.pin };
        self.engine().store.plugin_insert_again(again, log).await?;
        if !is_loaded {
            self.replace_catalog(catalog.with(plugin).in_order(order), &key).await?;
        }
        Ok(true)
    }

    /// Removes a version of a plugin that was added. No source environment may use it.
    pub async fn remove_plugin(&self, kept: &PluginVersion) -> Result<(), ConfigureError> {
        let catalog = self.catalog().without(&kept.digest);
        let log = change_log::plugin_removed(self.author(), &kept.key, &kept.version, &kept.digest);
        self.engine().store.plugin_delete(kept.digest.clone(), log).await?;
        Ok(self.replace_catalog(catalog, &kept.key).await?)
    }

    /// Puts what was read from the plugin directory in force. Nothing is stored or logged: the directory belongs to the
    /// operator. Returns the directory as it was and as it is; `None` if nothing changed.
    pub(crate) async fn replace_plugin_directory(
        &self,
        read: PluginDirectory,
    ) -> Result<Option<(PluginDirectory, PluginDirectory)>, ConfigureError> {
        let (catalog, snapshot) = (self.catalog(), self.snapshot());
        let used: HashSet<String> = snapshot.endpoints().map(|endpoint| endpoint.plugin_ref.digest.clone()).collect();
        let read = read.without_unused(&used);
        let before = catalog.directory();
        let keys = read.changed_keys(before);
        if keys.is_empty() && read.problems() == before.problems() {
            return Ok(None);
        }
        self.replace_directory(catalog.with_directory(read.clone()), &keys).await?;
        Ok(Some((before.clone(), read)))
    }
}

/// Returns the source environments that follow the latest version and get this one, each with its stored plugin so far.
fn followers(snapshot: &Snapshot, catalog: &Catalog, new: &Plugin) -> Vec<(i64, Option<String>)> {
    let key = &new.manifest().key;
    snapshot
        .endpoints()
        .filter(|endpoint| endpoint.plugin_ref.key == *key)
        .filter(|endpoint| endpoint.record.plugin.as_deref() == Some(LATEST))
        .filter(|endpoint| endpoint.plugin_requirements().are_met_by(new))
        .filter_map(|endpoint| Some((endpoint.id, catalog.pin_of(endpoint.plugin.as_ref()?))))
        .collect()
}
