//! Changes of sources.

use inlet_store::{EndpointRotation, NewChange, NewSource, PluginUse, SourceRecord, SourceUpdate};

use super::{ConfigurationChange, ConfigureError};
use crate::{
    change_log,
    snapshot::{Endpoint, reload::Reload},
};

impl ConfigurationChange {
    /// Creates a source in every environment, with its settings, secrets and mappings, in one transaction.
    pub async fn create_source(&self, new: NewSource) -> Result<(), ConfigureError> {
        let log = change_log::source_created(self.author(), &new, &self.snapshot().environments);
        self.engine().store.source_create(new, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }

    /// Returns what the change log would say of a new source. Nothing is written.
    pub fn preview_source_creation(&self, new: &NewSource) -> NewChange {
        change_log::source_created(self.author(), new, &self.snapshot().environments)
    }

    /// Returns what the change log would say of a change. Nothing is written.
    pub fn preview_source_update(
        &self,
        source: &SourceRecord,
        endpoint: &Endpoint,
        update: &SourceUpdate,
    ) -> NewChange {
        change_log::source_changed(self.author(), source, endpoint, update)
    }

    /// Changes what all environments share of a source, and its configuration in one of them. `endpoint` is that one, as
    /// it is before the change.
    pub async fn update_source(
        &self,
        source: &SourceRecord,
        endpoint: &Endpoint,
        update: SourceUpdate,
    ) -> Result<(), ConfigureError> {
        let log = change_log::source_changed(self.author(), source, endpoint, &update);
        self.engine().store.source_update(update, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }

    /// Deletes a source in every environment. Retention prunes its logs afterwards.
    pub async fn delete_source(&self, source: &SourceRecord) -> Result<(), ConfigureError> {
        let log = change_log::source_deleted(self.author(), source);
        self.engine().store.source_delete(source.id, log).await?;
        self.reload(Reload::ChangedRecords).await?;
        self.engine().wake_retention();
        Ok(())
    }

    /// Gives an endpoint the token of `rotation`. Returns the new version of the source environment.
    pub async fn rotate_endpoint(
        &self,
        endpoint: &Endpoint,
        rotation: EndpointRotation,
        overlap_seconds: u64,
    ) -> Result<i64, ConfigureError> {
        let log = change_log::endpoint_rotated(self.author(), endpoint, overlap_seconds);
        let version = self.engine().store.source_rotate_endpoint(rotation, log).await?;
        self.reload(Reload::ChangedRecords).await?;
        Ok(version)
    }

    /// Gives a source environment another plugin and another verification scheme, both as they are stored: `plugin` is
    /// [`SourceEnvironmentRecord::plugin`](inlet_store::SourceEnvironmentRecord::plugin).
    pub async fn use_plugin(
        &self,
        endpoint: &Endpoint,
        plugin: Option<String>,
        scheme: Option<String>,
    ) -> Result<(), ConfigureError> {
        let log = change_log::plugin_used(self.author(), endpoint, plugin.as_deref(), scheme.as_deref());
        let expected_version = endpoint.record.version;
        let given = PluginUse { source_environment_id: endpoint.id, expected_version, plugin, scheme };
        self.engine().store.source_use_plugin(given, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }

    /// Chooses the plugin of a source environment again from the catalog, without regard to the one that it has. Nothing
    /// is stored: the record stays the same.
    pub async fn choose_plugin_again(&self, endpoint: &Endpoint) -> Result<(), ConfigureError> {
        Ok(self.reload(Reload::SourceEnvironment(endpoint.id)).await?)
    }
}
