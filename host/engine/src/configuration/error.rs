//! Errors of changing the configuration.

use inlet_store::{ChangeError, ReadError};

use crate::completion::Interrupted;

/// The reason why a change of the configuration failed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// The configuration could not be read. Where the change itself was stored, it comes into force with the next one.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The change was not stored.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The change panicked.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
