//! Sources with their settings, secrets and mappings.

use super::Store;
use crate::{
    database::read,
    error::{ChangeError, ReadError},
    operations::{CreateSource, DeleteSource, RotateEndpoint, UpdateSource},
    records::{EndpointRotation, NewChange, NewSource, SourceRecord, SourceUpdate},
};

impl Store {
    /// Returns all sources with their configuration in every environment, as of one moment. The source of API calls is not
    /// among them.
    pub async fn sources(&self) -> Result<Vec<SourceRecord>, ReadError> {
        read!(self.database, sources(&*self.vault))
    }

    /// Returns for every environment its id and the id of the source environment in whose log its API calls are kept.
    pub async fn api_logs(&self) -> Result<Vec<(i64, i64)>, ReadError> {
        read!(self.database, api_logs())
    }

    /// Creates a source with its settings, secrets and mappings in one transaction; returns its id. Every source
    /// environment starts with version 1.
    pub async fn source_create(&self, new: NewSource, log: NewChange) -> Result<i64, ChangeError> {
        self.database.execute(CreateSource { new, log }).await
    }

    /// Changes a source; returns the new version of the source environment, if one was changed.
    pub async fn source_update(&self, update: SourceUpdate, log: NewChange) -> Result<Option<i64>, ChangeError> {
        self.database.execute(UpdateSource { update, log }).await
    }

    /// Replaces an endpoint's token; returns the new version of the source environment.
    pub async fn source_rotate_endpoint(&self, rotation: EndpointRotation, log: NewChange) -> Result<i64, ChangeError> {
        self.database.execute(RotateEndpoint { rotation, log }).await
    }

    /// Deletes a source with its settings and mappings in every environment. Its key is free at once; its logs go with
    /// [`Store::prune_deleted`].
    pub async fn source_delete(&self, source_id: i64, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(DeleteSource { source_id, log }).await
    }
}
