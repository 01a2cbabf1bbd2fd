//! The data directory: readable by its owner only, and held by one process at a time.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::error::OpenError;

/// The lock file. It stays empty; the system releases the lock on it however the process ends.
const LOCK: &str = "inlet.lock";
const DATABASE: &str = "inlet.db";

/// A locked data directory. No other process uses it while this value lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Held, never read.
    _lock: File,
}

impl DataDir {
    /// Creates the directory if it is missing, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        create(path).map_err(|problem| OpenError::DataDir { path: path.to_owned(), problem })?;
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|problem| OpenError::NotWritable { path: lock_path.clone(), problem: problem.to_string() })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(problem)) => Err(OpenError::DataDir { path: path.to_owned(), problem }),
        }
    }

    /// Returns the path of the database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }
}

fn create(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a file, not a directory")),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            // The directory holds secrets.
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(path)
        }
        Err(problem) => Err(problem),
    }
}
