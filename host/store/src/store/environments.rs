//! Environments, their credentials, and the change log.

use super::Store;
use crate::{
    database::read,
    error::{ChangeError, CommitError, ReadError},
    operations::{
        CreateApiKey, CreateEnvironment, CreateManagementToken, DeleteApiKey, DeleteEnvironment, DeleteManagementToken,
        DeleteVariable, PutVariable, RecordCredentialUse, UpdateEnvironment, WriteConfiguration,
    },
    records::{
        ApiKeyRecord, BoundedPage, ChangeQuery, ChangeRecord, ConfigurationWrite, Credential, Environment,
        EnvironmentSettings, ManagementTokenRecord, NewChange, NewEnvironment, NewManagementToken, NewVariable,
        ReadMemory, VariableRecord,
    },
};

impl Store {
    /// Returns all environments.
    pub async fn environments(&self) -> Result<Vec<Environment>, ReadError> {
        read!(self.database, environments())
    }

    /// Creates an environment with every source in it; returns its id, which `log` gets too.
    pub async fn environment_create(&self, new: NewEnvironment, log: NewChange) -> Result<i64, ChangeError> {
        self.database.execute(CreateEnvironment { new, log }).await
    }

    /// Replaces the settings of an environment.
    pub async fn environment_update(
        &self,
        id: i64,
        settings: EnvironmentSettings,
        log: NewChange,
    ) -> Result<(), ChangeError> {
        self.database.execute(UpdateEnvironment { id, settings, log }).await
    }

    /// Deletes an environment, and what is configured in it. [`Store::prune_deleted`] deletes the rest.
    pub async fn environment_delete(&self, id: i64, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(DeleteEnvironment { id, log }).await
    }

    /// Changes several resources at once: all writes are carried out, each with its entry in the change log, or none.
    pub async fn configuration_write(&self, writes: Vec<ConfigurationWrite>) -> Result<(), ChangeError> {
        let changes_targets = writes.iter().any(|write| write.part.changes_targets());
        let written = self.database.execute(WriteConfiguration { writes }).await;
        if changes_targets {
            self.target_changed();
        }
        written
    }

    /// Returns the variables of all environments.
    pub async fn variables(&self) -> Result<Vec<VariableRecord>, ReadError> {
        read!(self.database, variables())
    }

    /// Creates a variable of an environment, or changes it.
    pub async fn variable_put(&self, new: NewVariable, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(PutVariable { new, log }).await
    }

    /// Deletes a variable of an environment.
    pub async fn variable_delete(&self, environment_id: i64, key: String, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(DeleteVariable { environment_id, key, log }).await
    }

    /// Returns all API keys.
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>, ReadError> {
        read!(self.database, api_keys())
    }

    /// Creates a key to an environment.
    pub async fn api_key_create(
        &self,
        environment_id: i64,
        hash: [u8; 32],
        hint: String,
        log: NewChange,
    ) -> Result<ApiKeyRecord, ChangeError> {
        self.database.execute(CreateApiKey { environment_id, hash, hint, log }).await
    }

    /// Deletes a key of an environment.
    pub async fn api_key_delete(&self, environment_id: i64, id: i64, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(DeleteApiKey { environment_id, id, log }).await
    }

    /// Returns all tokens for the management API, without the one that the server was started with.
    pub async fn management_tokens(&self) -> Result<Vec<ManagementTokenRecord>, ReadError> {
        read!(self.database, management_tokens())
    }

    /// Creates a token for the management API.
    pub async fn management_token_create(
        &self,
        new: NewManagementToken,
        log: NewChange,
    ) -> Result<ManagementTokenRecord, ChangeError> {
        self.database.execute(CreateManagementToken { new, log }).await
    }

    /// Deletes a token for the management API.
    pub async fn management_token_delete(&self, id: i64, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(DeleteManagementToken { id, log }).await
    }

    /// Records the times at which credentials were last used, in milliseconds since 1970. The change log gets no entry.
    pub async fn credentials_used(&self, used: Vec<(Credential, i64)>) -> Result<(), CommitError> {
        self.database.execute(RecordCredentialUse { used }).await
    }

    /// Returns the change log, the newest entry first. A page has fewer entries if they are long. Returns none if there is
    /// no memory for it now.
    pub async fn changes(
        &self,
        query: &ChangeQuery,
        memory: &dyn ReadMemory,
    ) -> Result<Option<BoundedPage<ChangeRecord>>, ReadError> {
        read!(self.database, changes(query, memory))
    }
}
