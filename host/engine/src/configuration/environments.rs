//! Changes of environments and of their API keys.

use inlet_store::{ApiKeyRecord, Environment, EnvironmentSettings, NewEnvironment};

use super::{ConfigurationChange, ConfigureError};
use crate::{
    change_log,
    snapshot::{hash_token, hint, reload::Reload},
};

impl ConfigurationChange {
    /// Creates an environment, with every source in it.
    pub async fn create_environment(&self, new: NewEnvironment) -> Result<(), ConfigureError> {
        let log = change_log::environment_created(self.author(), &new);
        self.engine().store.environment_create(new, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }

    /// Changes the settings of an environment.
    pub async fn update_environment(
        &self,
        environment: &Environment,
        settings: EnvironmentSettings,
    ) -> Result<(), ConfigureError> {
        let log = change_log::environment_updated(self.author(), environment, &settings);
        self.engine().store.environment_update(environment.id, settings, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }

    /// Deletes an environment with its endpoints, users, runs and logs. Retention prunes the large tables afterwards.
    pub async fn delete_environment(&self, environment: &Environment) -> Result<(), ConfigureError> {
        let log = change_log::environment_deleted(self.author(), environment);
        self.engine().store.environment_delete(environment.id, log).await?;
        self.reload(Reload::ChangedRecords).await?;
        self.engine().wake_retention();
        Ok(())
    }

    /// Adds an API key to an environment. The store keeps its hash only.
    pub async fn create_api_key(&self, environment: &Environment, key: &str) -> Result<ApiKeyRecord, ConfigureError> {
        let log = change_log::api_key_created(self.author(), environment, &hint(key));
        let record = self.engine().store.api_key_create(environment.id, hash_token(key), hint(key), log).await?;
        self.reload(Reload::ChangedRecords).await?;
        Ok(record)
    }

    /// Deletes an API key of an environment.
    pub async fn delete_api_key(&self, environment: &Environment, key: &ApiKeyRecord) -> Result<(), ConfigureError> {
        let log = change_log::api_key_deleted(self.author(), environment, key);
        self.engine().store.api_key_delete(environment.id, key.id, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }
}
