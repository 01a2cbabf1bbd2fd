//! The reasons why a directory is not used as a cache.

use std::{io, path::PathBuf};

/// The reason why a directory is not used as a cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The directory cannot be created or opened.
    #[error("cannot open {}: {source}; expected a directory that this user can write", path.display())]
    Open {
        /// Path of the directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another user can write to the directory.
    #[error("{} can be written by others (mode {mode:o}); what is in it would be run; remove it", path.display())]
    WritableByOthers {
        /// Path of the directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The directory belongs to another user.
    #[error("{} belongs to another user ({owner}); what is in it would be run; remove it", path.display())]
    OwnedByAnother {
        /// Path of the directory.
        path: PathBuf,
        /// User id of the owner.
        owner: u32,
    },
}
