//! A change of the configuration under way.

use std::sync::Arc;

use inlet_store::{Author, ReadError};

use super::{
    current::{ConfigurationLock, CurrentConfiguration},
    error::ConfigureError,
};
use crate::{Engine, catalog::Catalog, completion::to_completion, snapshot::Snapshot, snapshot::reload::Reload};

/// A change of the configuration under way. No other begins before this one is dropped.
///
/// Every operation is written with its author to the change log and is in force when it returns. An operation that fails
/// with [`ConfigureError::Change`] changed nothing.
pub struct ConfigurationChange {
    engine: Engine,
    author: Author,
    lock: ConfigurationLock,
}

impl Engine {
    /// Changes the configuration: waits for other changes, and runs `change` to its end even if the caller goes away.
    pub async fn configure<T, E, F>(
        &self,
        author: Author,
        change: impl FnOnce(ConfigurationChange) -> F + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ConfigureError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let engine = self.clone();
        let changed = to_completion(async move {
            let lock = engine.configuration.lock(&engine.store, &engine.limits).await.map_err(ConfigureError::from)?;
            change(ConfigurationChange { engine, author, lock }).await
        });
        changed.await.map_err(ConfigureError::from)?
    }
}

impl ConfigurationChange {
    /// Returns the engine whose configuration is changed.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Returns the snapshot in force, which holds every operation of this change so far.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.engine.snapshot()
    }

    /// Returns the plugin catalog in force.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.engine.catalog()
    }

    pub(super) fn author(&self) -> Author {
        self.author.clone()
    }

    pub(super) async fn reload(&self, reload: Reload<'_>) -> Result<(), ReadError> {
        let (store, limits) = (&self.engine.store, &self.engine.limits);
        self.current().reload(&self.lock, store, limits, reload).await
    }

    pub(super) async fn replace_catalog(&self, catalog: Catalog, key: &str) -> Result<(), ReadError> {
        let (store, limits) = (&self.engine.store, &self.engine.limits);
        self.current().replace_catalog(&self.lock, store, limits, catalog, key).await
    }

    pub(super) async fn replace_directory(&self, catalog: Catalog, keys: &[String]) -> Result<(), ReadError> {
        let (store, limits) = (&self.engine.store, &self.engine.limits);
        self.current().replace_directory(&self.lock, store, limits, catalog, keys).await
    }

    fn current(&self) -> &CurrentConfiguration {
        &self.engine.configuration
    }
}
