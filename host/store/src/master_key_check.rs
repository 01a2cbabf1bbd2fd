//! The check of the master key before a store is opened.
//!
//! The state of the data directory decides which master key is right and whether a new one may be created, and no other
//! process may interfere between the check and the opening. So the directory is locked first. Nothing in it changes
//! until [`MasterKeyCheck::open`] or [`MasterKeyCheck::reseal`].

use std::sync::Arc;

use crate::{
    data_dir::DataDir,
    database,
    error::{OpenError, ResealError},
    options::StoreOptions,
    store::Store,
    vault::Vault,
};

/// A locked data directory whose database is not open yet.
#[derive(Debug)]
pub struct MasterKeyCheck {
    data_dir: DataDir,
    options: StoreOptions,
    sealed: Option<Vec<u8>>,
}

impl MasterKeyCheck {
    /// Creates the data directory if it is missing, locks it, and looks for sealed secrets.
    pub async fn start(options: StoreOptions) -> Result<Self, OpenError> {
        let data_dir = DataDir::open(&options.data_dir)?;
        let sealed = database::sealed_key_check(&data_dir.database(), options.database_url.as_deref()).await?;
        Ok(Self { data_dir, options, sealed })
    }

    /// Returns the value that the key in use sealed for [`crate::SecretLocation::KeyCheck`]; none as long as nothing is
    /// sealed.
    pub fn sealed_value(&self) -> Option<&[u8]> {
        self.sealed.as_deref()
    }

    /// Opens the store. Seals the secrets that an earlier version kept in clear text.
    pub async fn open(self, vault: Arc<dyn Vault>) -> Result<Store, OpenError> {
        Store::open_locked(self.data_dir, self.options, vault).await
    }

    /// Opens every secret with `old` and seals it with `new`, in one transaction; returns the number of secrets.
    pub async fn reseal(self, old: &dyn Vault, new: &dyn Vault) -> Result<usize, ResealError> {
        if self.sealed.is_none() {
            return Err(ResealError::NothingSealed);
        }
        database::reseal(&self.data_dir.database(), self.options.database_url.as_deref(), old, new).await
    }
}

impl Store {
    /// Opens the store in its data directory, or creates one. No other process can open it while this store lives.
    /// Start with a [`MasterKeyCheck`] if the choice of the key depends on what is there.
    pub async fn open(options: StoreOptions, vault: Arc<dyn Vault>) -> Result<Self, OpenError> {
        MasterKeyCheck::start(options).await?.open(vault).await
    }
}
