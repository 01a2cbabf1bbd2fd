//! The backend's own error, and the meaning of SQLite's result codes: is the storage out of order, or is it this job?

use super::connection::direct::DirectError;
use crate::{
    backend::GroupError,
    error::{ChangeError, CommitError, OpenError, ReadError, ResealError},
    vault::VaultError,
};

/// The reason why a statement, or the operation around it, failed.
#[derive(Debug)]
pub(crate) enum SqliteError {
    /// SQLite or the connection to it failed.
    Database(sqlx::Error),
    /// SQLite failed on the caller's own thread.
    Direct(DirectError),
    /// A secret cannot be sealed or opened.
    Vault(VaultError),
    /// A rule of the operation does not hold.
    Change(ChangeError),
    /// The group cannot be committed for another reason than the database.
    Group(GroupError),
}

/// Primary result codes: the lower byte of an extended one. <https://sqlite.org/rescode.html>
mod code {
    pub(super) const BUSY: i64 = 5;
    pub(super) const LOCKED: i64 = 6;
    pub(super) const NO_MEMORY: i64 = 7;
    pub(super) const READ_ONLY: i64 = 8;
    pub(super) const IO: i64 = 10;
    pub(super) const CORRUPT: i64 = 11;
    pub(super) const FULL: i64 = 13;
    pub(super) const CANNOT_OPEN: i64 = 14;
    pub(super) const NOT_A_DATABASE: i64 = 26;
}

/// Returns the primary result code of a database error.
fn primary(error: &sqlx::Error) -> Option<i64> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    let extended: i64 = error.code()?.parse().ok()?;
    Some(primary_of(extended))
}

/// Returns the SQLSTATE of an error of PostgreSQL. <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn sqlstate(error: &sqlx::Error) -> Option<&str> {
    Some(error.as_database_error()?.try_downcast_ref::<sqlx::postgres::PgDatabaseError>()?.code())
}

/// Decides whether an error of PostgreSQL concerns the storage as a whole, and adds the advice for an operator if it does.
fn classify_sqlstate(state: &str, error: &sqlx::Error) -> GroupError {
    let advice = match (&state[..state.len().min(2)], state) {
        (_, "53100") => "the disk of the database is full; make room",
        (_, "53300") => "the database has no connection left; raise max_connections, or use fewer readers",
        (_, "25006") => "the database is read-only; connect to the primary server",
        ("08" | "57", _) => "the connection to the database was lost",
        ("53" | "58", _) => "the database is out of resources; look into its log",
        ("55", _) => "the database is locked; it is tried again",
        ("28" | "3D", _) => "the database refuses the connection; check its URL",
        ("XX", _) => "the database is damaged; look into its log",
        // A serialization failure or a deadlock, of which the other transaction is done now.
        (_, "40001" | "40P01") => {
            return GroupError::Conflict(format!("the database could not commit beside others ({error})"));
        }
        _ => return GroupError::Content(error.to_string()),
    };
    GroupError::Storage(format!("{advice} ({error})"))
}

fn primary_of(extended: i64) -> i64 {
    extended & 0xff
}

/// Returns true if the file is damaged or no database.
pub(crate) fn is_not_a_database(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(code::CORRUPT | code::NOT_A_DATABASE))
}

/// Returns true if the file, its directory or its disk takes no writes.
pub(crate) fn is_not_writable(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(code::READ_ONLY | code::FULL | code::CANNOT_OPEN | code::IO))
}

/// Turns a violated unique constraint into [`ChangeError::Taken`].
pub(crate) fn taken(error: sqlx::Error, what: &'static str, field: &'static str) -> SqliteError {
    match error {
        sqlx::Error::Database(error) if error.is_unique_violation() => ChangeError::Taken { what, field }.into(),
        error => error.into(),
    }
}

/// Decides whether an error concerns the storage as a whole, and adds the advice for an operator if it does.
fn classify(error: &sqlx::Error) -> GroupError {
    if let Some(state) = sqlstate(error) {
        return classify_sqlstate(state, error);
    }
    match (primary(error), error) {
        (Some(code), error) => classify_code(code, &error.to_string()),
        // The connection itself: its thread or its file is gone.
        (
            None,
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed,
        ) => GroupError::Storage(format!("the connection to the database was lost ({error})")),
        (None, error) => GroupError::Content(error.to_string()),
    }
}

fn classify_code(primary: i64, error: &str) -> GroupError {
    let advice = match primary {
        code::FULL => "the disk, or the size limit of the database, is full; make room",
        code::READ_ONLY => "the database is read-only; make its directory writable",
        code::IO | code::CANNOT_OPEN => "reading or writing the database failed; check the disk",
        code::BUSY | code::LOCKED => "the database is locked by another program; close that program",
        code::NO_MEMORY => "there was no memory left",
        code::CORRUPT | code::NOT_A_DATABASE => "the database is damaged; restore it from a backup",
        _ => return GroupError::Content(error.to_owned()),
    };
    GroupError::Storage(format!("{advice} ({error})"))
}

impl From<sqlx::Error> for SqliteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<DirectError> for SqliteError {
    fn from(error: DirectError) -> Self {
        Self::Direct(error)
    }
}

impl From<VaultError> for SqliteError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl From<ChangeError> for SqliteError {
    fn from(error: ChangeError) -> Self {
        Self::Change(error)
    }
}

impl From<GroupError> for SqliteError {
    fn from(error: GroupError) -> Self {
        Self::Group(error)
    }
}

impl From<SqliteError> for GroupError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Database(error) => classify(&error),
            SqliteError::Direct(error) => classify_code(primary_of(error.code.into()), &error.to_string()),
            SqliteError::Vault(error) => Self::Storage(error.to_string()),
            SqliteError::Change(error) => Self::Content(error.to_string()),
            SqliteError::Group(error) => error,
        }
    }
}

impl From<SqliteError> for CommitError {
    fn from(error: SqliteError) -> Self {
        GroupError::from(error).into()
    }
}

impl From<SqliteError> for ChangeError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Change(error) => error,
            other => Self::Commit(other.into()),
        }
    }
}

impl From<SqliteError> for ReadError {
    fn from(error: SqliteError) -> Self {
        match GroupError::from(error) {
            GroupError::Storage(reason) | GroupError::Content(reason) | GroupError::Conflict(reason) => Self { reason },
            GroupError::Superseded(what) => Self { reason: what.to_owned() },
        }
    }
}

impl From<SqliteError> for ResealError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Vault(error) => Self::Vault(error),
            SqliteError::Database(error) => Self::Storage { reason: error.to_string() },
            other => Self::Storage { reason: CommitError::from(other).to_string() },
        }
    }
}

/// Explains why a file cannot be opened.
pub(crate) fn explain(path: &std::path::Path, error: &sqlx::Error) -> OpenError {
    let (path, problem) = (path.to_owned(), error.to_string());
    if is_not_a_database(error) {
        OpenError::NotADatabase { path, problem }
    } else if is_not_writable(error) {
        OpenError::NotWritable { path, problem }
    } else {
        OpenError::Other { path, problem }
    }
}
