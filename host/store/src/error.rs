//! The errors of the store, one sentence each: what was found, what was expected, what to do.
//!
//! A database's own errors stop at its backend. Their messages name columns and conditions, never values, so they may be
//! shown.

use std::{io, path::PathBuf};

use crate::vault::VaultError;

/// The reason why the store cannot be opened. Each is for the operator, at the start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be created or is not a directory.
    #[error("the data directory {path} cannot be used: {problem}; give a directory that the server may write to", path = path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// The system's error.
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
        /// The message of the system or the database.
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
    /// The file is damaged or no database.
    #[error(
        "{path} is not a database that can be read: {problem}; restore it from a backup, or move it away to start empty",
        path = path.display()
    )]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// The database's message.
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
        /// The schema version of the file.
        found: i64,
        /// The newest version that this server knows.
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
    /// The secrets in it cannot be opened, or those in clear text cannot be sealed.
    #[error("the secrets in {path} cannot be used: {problem}", path = path.display())]
    Secrets {
        /// The file.
        path: PathBuf,
        /// The secret and the reason.
        problem: VaultError,
    },
    /// There are sealed secrets, but no value by which their key could be recognised.
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
    /// Any other reason.
    #[error("the database {path} could not be opened: {problem}", path = path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// The database's message.
        problem: String,
    },
}

/// The reason why the secrets were not sealed with another key. They are unchanged.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// There is no database, or one from before secrets were sealed.
    #[error("nothing is sealed here yet; the first start of `inlet serve` does it")]
    NothingSealed,
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A secret cannot be opened with the old key, or sealed with the new one.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database refused the change.
    #[error("the storage did not take it: {reason}")]
    Storage {
        /// The database's message.
        reason: String,
    },
}

/// The bound by which a job was refused because of the jobs that wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Overload {
    /// The source environment has as many jobs waiting as it may have.
    #[error("the source has {jobs} jobs of {bytes} bytes waiting to be stored, and there is no room for more")]
    Full {
        /// Its waiting jobs.
        jobs: usize,
        /// Their cost in bytes.
        bytes: u64,
    },
    /// The job would wait for too long.
    #[error("a job would wait for about {expected_ms} ms to be stored; at most {allowed_ms} ms are allowed")]
    Late {
        /// The estimated wait.
        expected_ms: u128,
        /// The longest wait that is allowed.
        allowed_ms: u128,
    },
    /// The job waited for too long.
    #[error("the job waited for {waited_ms} ms, and the writer did not come to it")]
    Expired {
        /// The time that it waited.
        waited_ms: u128,
    },
}

/// The reason why a job or a change was not committed. Nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Too much is waiting to be stored.
    #[error("{0}; send again later")]
    Overloaded(Overload),
    /// The storage takes nothing now: it is full, broken, read-only, locked, or closed.
    #[error("the storage is unavailable: {reason}")]
    Unavailable {
        /// The cause, and what to do.
        reason: String,
    },
    /// The signed bytes were taken before, and the answer of that time cannot be given again.
    #[error("the signed bytes of the request were taken before; sign it again, with another time or id")]
    Reused,
    /// The signed time is earlier than what is remembered of signed requests, because the clock was set back.
    #[error(
        "the request's signed time is before {0} ms since 1970, up to which signed requests were forgotten; the server's clock was set back"
    )]
    Forgotten(i64),
    /// The storage works, and refused this.
    #[error("the storage refused it: {reason}")]
    Refused {
        /// The database's message.
        reason: String,
    },
    /// Somebody else was first.
    #[error("it was not done: {what}; look at it again")]
    Superseded {
        /// The event that came first.
        what: &'static str,
    },
}

impl CommitError {
    pub(crate) fn closed() -> Self {
        Self::Unavailable { reason: "the store is closed; the server is stopping".to_owned() }
    }
}

/// The reason why the configuration was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Somebody else changed it first.
    #[error("it was changed in the meantime: version {expected} was expected and {found} was found; read it again")]
    Conflict {
        /// The caller's version.
        expected: i64,
        /// The present version.
        found: i64,
    },
    /// A unique value is taken.
    #[error("another {what} has this {field} already; choose a different one")]
    Taken {
        /// The kind of resource.
        what: &'static str,
        /// The unique field.
        field: &'static str,
    },
    /// The resource does not exist.
    #[error("there is no such {what}")]
    NotFound {
        /// The kind of resource.
        what: &'static str,
    },
    /// The resource to delete is in use.
    #[error("the {what} is in use; let its users use another, then delete it")]
    InUse {
        /// The kind of resource.
        what: &'static str,
    },
    /// The change was not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// The reason why something could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the database could not be read: {reason}")]
pub struct ReadError {
    /// The database's message.
    pub reason: String,
}

/// The reason why no backup was made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// One is being made, or sent.
    #[error("a backup is being made or downloaded already; try again when it has ended")]
    Running,
    /// The database is on a server, which has its own tools.
    #[error("the database is on a PostgreSQL server; back it up there, for example with pg_dump --format=custom")]
    OnServer,
    /// The copy would fill the disk.
    #[error(
        "a backup needs up to {needed} bytes on the disk of the data directory while it is made, and {free} are free; make \
         room"
    )]
    NoRoom {
        /// The bytes that are needed, with a rest that is left for events.
        needed: u64,
        /// The free bytes.
        free: u64,
    },
    /// The copy could not be written or read.
    #[error("the backup could not be made: {reason}")]
    Failed {
        /// The message of the system or the database.
        reason: String,
    },
}

/// The reason why a backup was not restored. What was there before is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is a database.
    #[error(
        "{path} is there already; restore into another directory, or give --replace, which moves it aside",
        path = path.display()
    )]
    Present {
        /// The database.
        path: PathBuf,
    },
    /// The backup cannot be copied.
    #[error("the backup cannot be copied to {path}: {problem}", path = path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// The system's error.
        problem: io::Error,
    },
    /// The file is damaged, incomplete, or no backup.
    #[error("{path} is no whole backup of Inlet: {problem}; take another one", path = path.display())]
    Unusable {
        /// The backup.
        path: PathBuf,
        /// The reason.
        problem: String,
    },
    /// A newer version of the server made it.
    #[error(
        "{path} was made by a newer server: its schema has version {found}, and this one knows versions up to {known}; \
         restore it with that version, or take an older backup",
        path = path.display()
    )]
    Newer {
        /// The backup.
        path: PathBuf,
        /// The schema version of the backup.
        found: i64,
        /// The newest version that this server knows.
        known: i64,
    },
}
