//! The configuration in force: the snapshot and the plugin catalog that requests use, and how they are replaced.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use inlet_core::Uuid;
use inlet_sandbox::Limits;
use inlet_store::{ReadError, Store};
use tokio::sync::OwnedMutexGuard;

use crate::{
    catalog::Catalog,
    snapshot::{
        Snapshot,
        reload::{Reload, Reuse},
    },
};

/// The snapshot and the catalog in force.
pub(crate) struct CurrentConfiguration {
    snapshot: ArcSwap<Snapshot>,
    catalog: ArcSwap<Catalog>,
    /// Held from reading the configuration until the changed one is in force, so that a slow reader cannot put an older
    /// one in force.
    changing: Arc<tokio::sync::Mutex<()>>,
    /// Set if something was stored and could not be read again: the keys of the plugins that differ. `None` if what is
    /// stored is in force.
    unread: Mutex<Option<BTreeSet<String>>>,
    /// The newest entry of the change log when what is in force was read, where other servers change it too.
    version: Mutex<Option<Uuid>>,
}

/// The right to change the configuration. One exists at a time.
pub(crate) struct ConfigurationLock {
    _guard: OwnedMutexGuard<()>,
}

impl CurrentConfiguration {
    /// Reads the configuration from the store.
    pub(crate) async fn load(store: &Store, catalog: Catalog, limits: &Limits) -> Result<Self, ReadError> {
        let version = if store.is_shared() { store.shared_version().await?.configuration } else { None };
        let snapshot = Snapshot::load(store, &catalog, limits, None).await?;
        Ok(Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            catalog: ArcSwap::from_pointee(catalog),
            changing: Arc::default(),
            unread: Mutex::new(None),
            version: Mutex::new(version),
        })
    }

    /// Returns true if what is in force was read when this was the newest entry of the change log, or later.
    pub(crate) fn is_of(&self, version: Option<Uuid>) -> bool {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) == version
    }

    /// Notes the newest entry of the change log when what is in force was read.
    pub(crate) fn is_now_of(&self, version: Option<Uuid>) {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = version;
    }

    /// Returns the snapshot in force.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Returns the plugin catalog in force.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// Waits until no other change is under way. Reads first what an earlier change stored and could not read again: a
    /// caller who was answered 503 and tries again starts from what is stored.
    pub(crate) async fn lock(&self, store: &Store, limits: &Limits) -> Result<ConfigurationLock, ReadError> {
        let lock = ConfigurationLock { _guard: self.changing.clone().lock_owned().await };
        let unread = self.unread().clone();
        if let Some(keys) = unread {
            let keys: Vec<String> = keys.into_iter().collect();
            self.reload(&lock, store, limits, Reload::Providers(&keys)).await?;
            *self.unread() = None;
        }
        Ok(lock)
    }

    /// Reads the configuration from the store and puts it in force.
    pub(crate) async fn reload(
        &self,
        _: &ConfigurationLock,
        store: &Store,
        limits: &Limits,
        reload: Reload<'_>,
    ) -> Result<(), ReadError> {
        self.load_with(store, limits, &self.catalog(), reload).await
    }

    /// Puts a catalog in force that is stored already and differs in the plugins of `key`. It is in force even if the
    /// snapshot could not be read again. Requests under way keep the plugin that they began with.
    pub(crate) async fn replace_catalog(
        &self,
        _: &ConfigurationLock,
        store: &Store,
        limits: &Limits,
        catalog: Catalog,
        key: &str,
    ) -> Result<(), ReadError> {
        // The snapshot first: a plugin that is listed is in force.
        let read = self.load_with(store, limits, &catalog, Reload::Providers(&[key.to_owned()])).await;
        self.catalog.store(Arc::new(catalog));
        read
    }

    /// Puts a catalog in force whose plugin directory differs in the plugins of these keys. On an error, the one before
    /// stays in force.
    pub(crate) async fn replace_directory(
        &self,
        _: &ConfigurationLock,
        store: &Store,
        limits: &Limits,
        catalog: Catalog,
        keys: &[String],
    ) -> Result<(), ReadError> {
        self.load_with(store, limits, &catalog, Reload::Providers(keys)).await?;
        self.catalog.store(Arc::new(catalog));
        Ok(())
    }

    async fn load_with(
        &self,
        store: &Store,
        limits: &Limits,
        catalog: &Catalog,
        reload: Reload<'_>,
    ) -> Result<(), ReadError> {
        let previous = self.snapshot();
        let reuse = Reuse { snapshot: &previous, reload };
        let loaded = Snapshot::load(store, catalog, limits, Some(reuse)).await;
        let snapshot = loaded.inspect_err(|_| {
            let keys = if let Reload::Providers(keys) = reload { keys } else { &[] };
            self.unread().get_or_insert_default().extend(keys.iter().cloned());
        })?;
        snapshot.carry_over(&previous);
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    fn unread(&self) -> MutexGuard<'_, Option<BTreeSet<String>>> {
        // The set is complete even if a thread panicked while it held the lock.
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
