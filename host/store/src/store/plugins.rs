//! Plugins that were added to the running server.

use super::Store;
use crate::{
    database::read,
    error::{ChangeError, ReadError},
    operations::{DeletePlugin, InsertPlugin, InsertPluginAgain, UsePlugin},
    records::{NewChange, NewPluginVersion, PluginUse, PluginVersion, PluginVersionAgain},
};

impl Store {
    /// Returns all stored versions, in the order in which they were added.
    pub async fn plugin_versions(&self) -> Result<Vec<PluginVersion>, ReadError> {
        read!(self.database, plugin_versions())
    }

    /// Returns the component with that digest.
    pub async fn plugin_wasm(&self, digest: &str) -> Result<Option<Vec<u8>>, ReadError> {
        read!(self.database, plugin_wasm(digest))
    }

    /// Returns the key that a publisher's plugins are signed with, if one is known.
    pub async fn publisher_key(&self, publisher: &str) -> Result<Option<[u8; 32]>, ReadError> {
        read!(self.database, publisher_key(publisher))
    }

    /// Stores a version, and its publisher's key if there is one. Changes no source.
    pub async fn plugin_insert(&self, new: NewPluginVersion, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(InsertPlugin { new, log }).await
    }

    /// Overwrites a stored version's component, or its publisher's key. Changes no source.
    pub async fn plugin_insert_again(&self, again: PluginVersionAgain, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(InsertPluginAgain { again, log }).await
    }

    /// Deletes the version with that digest, unless a source uses it.
    pub async fn plugin_delete(&self, digest: String, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(DeletePlugin { digest, log }).await
    }

    /// Changes a source environment's plugin; returns its new version.
    pub async fn source_use_plugin(&self, change: PluginUse, log: NewChange) -> Result<i64, ChangeError> {
        self.database.execute(UsePlugin { change, log }).await
    }
}
