//! A change of the configuration under way.

use std::sync::Arc;

use inlet_store::{Author, ReadError, fenced};

use super::{
    change_turn::ChangeTurn,
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
            if !engine.store.is_shared() {
                return change(ConfigurationChange { engine, author, lock }).await;
            }
            let turn = ChangeTurn::take(&engine).await?;
            engine.reload_shared(&lock).await.map_err(ConfigureError::from)?;
            let store = engine.store.clone();
            let changed = fenced(turn.fence(), change(ConfigurationChange { engine, author, lock })).await;
            store.announce_change();
            turn.end().await;
            changed
        });
        changed.await.map_err(ConfigureError::from)?
    }

    /// Puts in force what other servers changed.
    pub(crate) async fn follow_others(&self) -> Result<(), ReadError> {
        let lock = self.configuration.lock(&self.store, &self.limits).await?;
        self.reload_shared(&lock).await
    }

    /// Reads again what was changed since the configuration in force was read.
    async fn reload_shared(&self, lock: &ConfigurationLock) -> Result<(), ReadError> {
        // The version first: what is changed meanwhile is read again the next time.
        let version = self.store.shared_version().await?.configuration;
        if self.configuration.is_of(version) {
            return Ok(());
        }
        if let Some((catalog, keys)) = self.catalog().follow_stored(&self.store, &self.sandbox).await? {
            self.configuration.replace_directory(lock, &self.store, &self.limits, catalog, &keys).await?;
        } else {
            self.configuration.reload(lock, &self.store, &self.limits, Reload::ChangedRecords).await?;
        }
        self.configuration.is_now_of(version);
        self.wake_retention();
        Ok(())
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inlet_store::EnvironmentSettings;

    use super::*;
    use crate::{snapshot::new_api_key, test_engine::TestEngine};

    #[tokio::test]
    async fn a_change_reaches_its_end_without_its_caller_and_before_the_next_begins() {
        let test = TestEngine::start().await;
        let slow = test.engine.configure(Author::named("a"), |change| async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let snapshot = change.snapshot();
            let environment = snapshot.environments.first().unwrap();
            let settings = EnvironmentSettings { name: "Renamed".to_owned(), ..environment.settings() };
            change.update_environment(environment, settings).await
        });
        let given_up = tokio::time::timeout(Duration::from_millis(20), slow).await;
        assert!(given_up.is_err());
        let name: Result<String, ConfigureError> = test
            .engine
            .configure(Author::named("b"), |change| async move {
                Ok(change.snapshot().environments.first().unwrap().name.clone())
            })
            .await;
        assert_eq!(name.unwrap(), "Renamed");
    }

    #[tokio::test]
    async fn an_operation_is_in_force_when_it_returns() {
        let test = TestEngine::start().await;
        let key = new_api_key().unwrap();
        let changed: Result<bool, ConfigureError> = test
            .engine
            .configure(Author::named("a"), |change| async move {
                let snapshot = change.snapshot();
                let record = change.create_api_key(snapshot.environments.first().unwrap(), &key).await?;
                Ok(change.snapshot().api_key(&record.hash).is_some() && snapshot.api_key(&record.hash).is_none())
            })
            .await;
        assert!(changed.unwrap());
    }

    #[tokio::test]
    async fn a_change_that_panics_is_an_error_and_frees_the_lock() {
        let test = TestEngine::start().await;
        let panicked: Result<(), ConfigureError> =
            test.engine.configure(Author::named("a"), |_| async { panic!("a bug") }).await;
        assert!(matches!(panicked, Err(ConfigureError::Interrupted(_))));
        let next: Result<(), ConfigureError> = test.engine.configure(Author::named("b"), |_| async { Ok(()) }).await;
        assert!(next.is_ok());
    }
}
