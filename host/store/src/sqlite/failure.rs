//! What a database error means: is the storage out of order, or is it this job?

use crate::error::{ChangeError, CommitError, ReadError};

/// Why a transaction failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing can be stored now, whatever it is.
    Storage(String),
    /// The storage works; something in what was written does not suit it.
    Content(String),
    /// Somebody else has done meanwhile what this was to do.
    Superseded(&'static str),
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

/// The primary result code of a database error.
fn primary(error: &sqlx::Error) -> Option<i64> {
    let extended: i64 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// The file is damaged or something else.
pub(crate) fn is_not_a_database(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(code::CORRUPT | code::NOT_A_DATABASE))
}

/// The file, its directory or its disk does not take writes.
pub(crate) fn is_not_writable(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(code::READ_ONLY | code::FULL | code::CANNOT_OPEN | code::IO))
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let advice = match primary(&error) {
            Some(code::FULL) => "the disk, or the size limit of the database, is full; make room",
            Some(code::READ_ONLY) => "the database is read-only; make its directory writable",
            Some(code::IO | code::CANNOT_OPEN) => "reading or writing the database failed; check the disk",
            Some(code::BUSY | code::LOCKED) => "the database is locked by another program; close that program",
            Some(code::NO_MEMORY) => "there was no memory left",
            Some(code::CORRUPT | code::NOT_A_DATABASE) => "the database is damaged; restore it from a backup",
            Some(_) => return Self::Content(error.to_string()),
            None => match &error {
                // The connection itself: its thread or its file is gone.
                sqlx::Error::Io(_)
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolClosed => "the connection to the database was lost",
                _ => return Self::Content(error.to_string()),
            },
        };
        Self::Storage(format!("{advice} ({error})"))
    }
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Storage(reason) => Self::Unavailable { reason },
            Failure::Content(reason) => Self::Refused { reason },
            Failure::Superseded(what) => Self::Superseded { what },
        }
    }
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Commit(Failure::from(error).into())
    }
}

impl From<sqlx::Error> for CommitError {
    fn from(error: sqlx::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        match Failure::from(error) {
            Failure::Storage(reason) | Failure::Content(reason) => Self { reason },
            Failure::Superseded(what) => Self { reason: what.to_owned() },
        }
    }
}
