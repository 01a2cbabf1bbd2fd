//! A data directory that is locked and looked at, before it is known with which key it is opened.
//!
//! Which key is the right one, and whether a new one may be made, depends on what is there already; and nobody else may
//! come in between. Nothing is changed until [`Claim::open`] or [`Claim::reseal`].

use std::sync::Arc;

use crate::{
    data_dir::DataDir,
    error::OpenError,
    options::StoreOptions,
    sqlite::{self, Resealed, SealingError},
    store::Store,
    vault::{Vault, VaultError},
};

/// A locked data directory, its database not opened yet.
#[derive(Debug)]
pub struct Claim {
    data_dir: DataDir,
    options: StoreOptions,
    key_check: Option<Vec<u8>>,
}

/// Why the secrets were not sealed anew. They are as they were.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// There is no database, or one from before secrets were sealed.
    #[error("nothing is sealed here yet; the first start of `inlet serve` does it")]
    NothingSealed,
    /// The database is not what it should be.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A secret cannot be opened with the one key, or sealed with the other.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database refused.
    #[error("the storage did not take it: {reason}")]
    Storage {
        /// What the matter is.
        reason: String,
    },
}

impl Claim {
    /// Makes the data directory if it is missing, locks it, and looks whether its secrets are sealed.
    pub async fn on(options: StoreOptions) -> Result<Self, OpenError> {
        let data_dir = DataDir::open(&options.data_dir)?;
        let database = data_dir.database();
        // Looking makes no database: whoever refuses to start leaves nothing behind.
        let key_check = match database.exists() {
            true => sqlite::key_check(&database).await?,
            false => None,
        };
        Ok(Self { data_dir, options, key_check })
    }

    /// What was sealed with the key in use for [`crate::Place::KeyCheck`]; none as long as nothing is sealed.
    pub fn key_check(&self) -> Option<&[u8]> {
        self.key_check.as_deref()
    }

    /// Opens the store. Secrets that an earlier version kept in clear text are sealed.
    pub async fn open(self, vault: Arc<dyn Vault>) -> Result<Store, OpenError> {
        Store::open_in(self.data_dir, self.options, vault).await
    }

    /// Opens all that `old` sealed and seals it with `new`, in one transaction; returns how many secrets.
    pub async fn reseal(self, old: &dyn Vault, new: &dyn Vault) -> Result<usize, ResealError> {
        if self.key_check.is_none() {
            return Err(ResealError::NothingSealed);
        }
        let Resealed { secrets } = sqlite::reseal(&self.data_dir.database(), old, new).await?;
        Ok(secrets)
    }
}

impl From<SealingError> for ResealError {
    fn from(error: SealingError) -> Self {
        match error {
            SealingError::Vault(error) => Self::Vault(error),
            SealingError::Database(error) => Self::Storage { reason: error.to_string() },
        }
    }
}
