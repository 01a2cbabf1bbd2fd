//! What can go wrong, one sentence each: what was found, what was expected, what to do.
//!
//! sqlx's errors stop here. Their messages name columns and conditions, never values, so they may be shown.

use std::{io, path::PathBuf};

use crate::vault::VaultError;

/// Why the store cannot be opened. Each is for the operator, at the start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or is not one.
    #[error("the data directory {path} cannot be used: {problem}; give a directory that the server may write to", path = path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// The directory or a file in it cannot be written.
    #[error(
        "{path} cannot be written: {problem}; the data directory must be writable and its disk must have room",
        path = path.display()
    )]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system or the database said.
        problem: String,
    },
    /// Another process holds the lock.
    #[error(
        "the data directory {path} is in use by another process; stop it, or give this one another --data-dir",
        path = path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The file is damaged or something else.
    #[error(
        "{path} is not a database that can be read: {problem}; restore it from a backup, or move it away to start empty",
        path = path.display()
    )]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// What the database said.
        problem: String,
    },
    /// A newer version of the server wrote it.
    #[error(
        "{path} has schema version {found}, and this server knows versions up to {known}; start the newer server that \
         wrote it, or restore an older backup",
        path = path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// A commit would not be on the disk when it is answered.
    #[error(
        "the database does not commit durably: synchronous is {synchronous} and journal_mode is {journal_mode}; expected \
         2 (FULL) and wal, which need a local file system"
    )]
    NotDurable {
        /// `PRAGMA synchronous`; 2 is FULL.
        synchronous: i64,
        /// `PRAGMA journal_mode`.
        journal_mode: String,
    },
    /// The secrets in it cannot be opened, or those in clear text not be sealed.
    #[error("the secrets in {path} cannot be used: {problem}", path = path.display())]
    Secrets {
        /// The file.
        path: PathBuf,
        /// Which one, and why.
        problem: VaultError,
    },
    /// There are sealed secrets, and nothing that tells whether a key is theirs.
    #[error(
        "{path} holds sealed secrets, but the value is gone by which their key is known; restore it from a backup",
        path = path.display()
    )]
    NoKeyCheck {
        /// The file.
        path: PathBuf,
    },
    /// The writer's thread cannot be started.
    #[error("cannot start the thread that writes to the database: {0}; raise the process's thread limit (ulimit -u)")]
    Thread(#[source] io::Error),
    /// Anything else.
    #[error("the database {path} could not be opened: {problem}", path = path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What the database said.
        problem: String,
    },
}

/// Why a job or a change was not committed. Nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The queue stayed full.
    #[error("{queued} jobs were waiting to be stored for longer than {waited_ms} ms; send again later")]
    Overloaded {
        /// The queue's size.
        queued: usize,
        /// How long this one waited for a place.
        waited_ms: u128,
    },
    /// The storage does not take anything now: full, broken, read-only, locked, or closed.
    #[error("the storage is unavailable: {reason}")]
    Unavailable {
        /// What the matter is and what to do.
        reason: String,
    },
    /// A signed request that is taken once was taken before.
    #[error("the signed request was taken before; whoever sent it again holds a captured one")]
    Seen,
    /// The storage works, and refused this.
    #[error("the storage refused it: {reason}")]
    Refused {
        /// What the database said.
        reason: String,
    },
    /// Somebody else was first.
    #[error("it was not done: {what}; look at it again")]
    Superseded {
        /// What has happened.
        what: &'static str,
    },
}

impl CommitError {
    pub(crate) fn closed() -> Self {
        Self::Unavailable { reason: "the store is closed; the server is stopping".to_owned() }
    }
}

/// Why a change of the configuration was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Somebody else changed it first.
    #[error("it was changed in the meantime: version {expected} was expected and {found} was found; read it again")]
    Conflict {
        /// What the caller saw.
        expected: i64,
        /// What is there.
        found: i64,
    },
    /// A unique value is taken.
    #[error("a {what} with this {field} exists already; choose another")]
    Taken {
        /// What.
        what: &'static str,
        /// Which field of it.
        field: &'static str,
    },
    /// What should be changed is not there.
    #[error("there is no such {what}")]
    NotFound {
        /// What.
        what: &'static str,
    },
    /// What should be deleted is needed.
    #[error("the {what} is in use; let its users use another, then delete it")]
    InUse {
        /// What.
        what: &'static str,
    },
    /// It was not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the database could not be read: {reason}")]
pub struct ReadError {
    /// What the database said.
    pub reason: String,
}

impl From<VaultError> for ReadError {
    fn from(error: VaultError) -> Self {
        Self { reason: error.to_string() }
    }
}

impl From<VaultError> for ChangeError {
    fn from(error: VaultError) -> Self {
        Self::Commit(CommitError::Unavailable { reason: error.to_string() })
    }
}
