//! Changes of management tokens.

use inlet_store::{ManagementTokenRecord, NewManagementToken};

use super::{ConfigurationChange, ConfigureError};
use crate::{change_log, snapshot::reload::Reload};

impl ConfigurationChange {
    /// Creates a management token. The store keeps its hash only.
    pub async fn create_management_token(
        &self,
        new: NewManagementToken,
    ) -> Result<ManagementTokenRecord, ConfigureError> {
        let environments = new.environment_ids.as_ref().map(|ids| self.snapshot().environment_slugs(ids));
        let log = change_log::management_token_created(self.author(), &new, environments.as_deref());
        let record = self.engine().store.management_token_create(new, log).await?;
        self.reload(Reload::ChangedRecords).await?;
        Ok(record)
    }

    /// Deletes a management token.
    pub async fn delete_management_token(&self, token: &ManagementTokenRecord) -> Result<(), ConfigureError> {
        let log = change_log::management_token_deleted(self.author(), token);
        self.engine().store.management_token_delete(token.id, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }
}
