//! Restoring a backup into a data directory.
//!
//! The backup is first copied into the directory and checked there, so that what was checked is what is put in place.
//! Until [`Restore::adopt`] nothing else in the directory changes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    clock::now_ms,
    data_dir::{DataDir, remove},
    error::RestoreError,
    records::BackupContents,
    restored_database, sqlite,
};

/// The use of a database that is in the directory already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentDatabase {
    /// Nothing is restored.
    Refuse,
    /// It is moved into a directory beside the new one.
    SetAside,
}

/// A locked data directory into which a backup is restored.
#[derive(Debug)]
pub struct Restore {
    data_dir: DataDir,
    copy: Option<PathBuf>,
}

impl Restore {
    /// Creates the data directory if it is missing, and locks it.
    pub fn start(data_dir: &Path, present: PresentDatabase) -> Result<Self, RestoreError> {
        let data_dir = DataDir::open(data_dir)?;
        let path = data_dir.database();
        match present == PresentDatabase::Refuse && path.exists() {
            true => Err(RestoreError::Present { path }),
            false => Ok(Self { data_dir, copy: None }),
        }
    }

    /// Copies the backup into the directory; returns its size in bytes.
    pub fn copy(&mut self, mut backup: impl io::Read) -> Result<u64, RestoreError> {
        let (mut file, path) = self
            .data_dir
            .create_restore()
            .map_err(|problem| RestoreError::Copy { path: self.data_dir.path().to_owned(), problem })?;
        self.copy = Some(path.clone());
        io::copy(&mut backup, &mut file)
            .and_then(|bytes| file.sync_all().map(|()| bytes))
            .map_err(|problem| RestoreError::Copy { path, problem })
    }

    /// Checks the whole copy, and returns what is in it. `shown` is the backup's path in errors.
    pub async fn inspect(&self, shown: &Path) -> Result<BackupContents, RestoreError> {
        let copy = self.copy.clone().unwrap_or_else(|| shown.to_owned());
        sqlite::inspect_backup(&copy, shown).await
    }

    /// Puts the copy in place of the database. Returns the directory into which the files were moved that were there before.
    pub fn adopt(mut self) -> Result<Option<PathBuf>, RestoreError> {
        let failed = |path: &Path, problem| RestoreError::Copy { path: path.to_owned(), problem };
        let Some(copy) = self.copy.take() else {
            let problem = io::Error::new(io::ErrorKind::NotFound, "nothing was copied");
            return Err(failed(self.data_dir.path(), problem));
        };
        restored_database::adopt(&self.data_dir, &copy, now_ms()).map_err(|problem| failed(&copy, problem))
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            // What stays is removed when the directory is opened next.
            _ = remove(copy);
        }
    }
}

/// Checks every page of a backup, and returns what is in it.
pub async fn inspect_backup(path: &Path) -> Result<BackupContents, RestoreError> {
    // SQLite would take a missing file for an empty database.
    fs::metadata(path)
        .map_err(|problem| RestoreError::Unusable { path: path.to_owned(), problem: problem.to_string() })?;
    sqlite::inspect_backup(path, path).await
}
