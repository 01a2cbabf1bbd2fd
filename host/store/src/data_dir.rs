//! The data directory: readable by its owner only, and held by one process at a time.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use crate::{
    error::{CommitError, OpenError},
    restored_database,
};

/// The lock file. It stays empty; the system releases the lock on it however the process ends.
const LOCK: &str = "inlet.lock";
const DATABASE: &str = "inlet.db";
/// The files that SQLite keeps beside the database. It gives new ones the mode of the database.
const LOG: &str = "inlet.db-wal";
const LOG_INDEX: &str = "inlet.db-shm";
/// A backup that is being written, and what SQLite may keep beside it.
const BACKUP: &str = "backup.tmp";
const BACKUP_JOURNAL: &str = "backup.tmp-journal";
/// The copy of a backup that is being restored.
const RESTORE: &str = "restore.tmp";

/// The mode of every file: they hold secrets and what senders sent.
const FILE_MODE: u32 = 0o600;
/// The room on the disk below which webhooks are not taken for storable. SQLite writes pages of 8 KiB and a log, and a webhook
/// may have megabytes.
const LEAST_ROOM: u64 = 1 << 20;

/// The sizes of the database's files, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSizes {
    /// The database.
    pub database: u64,
    /// The write-ahead log.
    pub log: u64,
    /// The time at which the database was last written, which only a checkpoint does, in milliseconds since 1970; none if
    /// its file does not tell.
    pub database_written_at_ms: Option<i64>,
}

/// A locked data directory. No other process uses it while this value lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Held, never read.
    _lock: File,
}

impl DataDir {
    /// Creates the directory if it is missing, locks it, and makes its files private.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        create(path).map_err(|problem| OpenError::DataDir { path: path.to_owned(), problem })?;
        let not_writable = |path: &Path| {
            let path = path.to_owned();
            move |problem: io::Error| OpenError::NotWritable { path, problem: problem.to_string() }
        };
        let lock_path = path.join(LOCK);
        let lock = open_private(&lock_path).map_err(not_writable(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(problem)) => return Err(OpenError::DataDir { path: path.to_owned(), problem }),
        }
        let data_dir = Self { path: path.to_owned(), _lock: lock };
        for name in [BACKUP, BACKUP_JOURNAL, RESTORE] {
            remove(&path.join(name)).map_err(not_writable(&path.join(name)))?;
        }
        restored_database::complete(&data_dir).map_err(not_writable(path))?;
        // Nobody has the files open now, so that closing them here takes no lock away from SQLite.
        for name in [DATABASE, LOG, LOG_INDEX] {
            make_private(&path.join(name));
        }
        Ok(data_dir)
    }

    /// Returns the paths of the database and of the files beside it.
    pub(crate) fn database_files(&self) -> [PathBuf; 3] {
        [DATABASE, LOG, LOG_INDEX].map(|name| self.path.join(name))
    }

    /// Creates the file of a backup, empty, and returns its path.
    pub(crate) fn create_backup(&self) -> io::Result<PathBuf> {
        let path = self.path.join(BACKUP);
        remove(&path)?;
        open_private(&path)?;
        Ok(path)
    }

    /// Creates the file into which a backup is copied, and returns it with its path.
    pub(crate) fn create_restore(&self) -> io::Result<(File, PathBuf)> {
        let path = self.path.join(RESTORE);
        remove(&path)?;
        Ok((open_private(&path)?, path))
    }

    /// Returns the path of the directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Creates the database's file, empty, if it is missing. SQLite would give it the mode that the umask leaves.
    pub(crate) fn create_database(&self) -> Result<PathBuf, OpenError> {
        let path = self.database();
        if !path.exists() {
            open_private(&path)
                .and_then(|file| file.sync_all())
                .and_then(|()| File::open(&self.path)?.sync_all())
                .map_err(|problem| OpenError::NotWritable { path: path.clone(), problem: problem.to_string() })?;
        }
        Ok(path)
    }

    /// Returns an error if the disk has no room for webhooks.
    pub(crate) fn check_room(&self) -> Result<(), CommitError> {
        // A file system that does not tell is asked by writing.
        let Some(room) = self.free_bytes() else { return Ok(()) };
        match room < LEAST_ROOM {
            false => Ok(()),
            true => {
                let reason = format!("{room} bytes are free on the disk of the data directory; make room");
                Err(CommitError::Unavailable { reason })
            }
        }
    }

    /// Returns the free bytes of the disk; none if its file system does not tell.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(&self.path).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Returns the sizes of the files. A missing one has none.
    pub(crate) fn file_sizes(&self) -> FileSizes {
        let size = |name: &str| fs::metadata(self.path.join(name)).map_or(0, |found| found.len());
        let written = fs::metadata(self.database()).and_then(|found| found.modified()).ok();
        let since_1970 = written.and_then(|written| written.duration_since(UNIX_EPOCH).ok());
        let database_written_at_ms = since_1970.and_then(|since| i64::try_from(since.as_millis()).ok());
        FileSizes { database: size(DATABASE), log: size(LOG), database_written_at_ms }
    }
}

/// Opens a file for its owner only, and creates it if it is missing, whatever the umask.
fn open_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != FILE_MODE {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

/// Takes the permissions of others from a file that an earlier version created, and warns if it cannot.
fn make_private(path: &Path) {
    let Ok(found) = fs::metadata(path) else { return };
    let mode = found.permissions().mode() & 0o777;
    if !found.is_file() || mode & 0o077 == 0 {
        return;
    }
    match fs::set_permissions(path, Permissions::from_mode(FILE_MODE)) {
        Ok(()) => {
            tracing::info!(file = %path.display(), "other users of this machine could read this file; now only its owner can")
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "other users of this machine can read this file; chmod 600 it");
        }
    }
}

fn create(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let mode = found.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let mode = format!("{mode:03o}");
                tracing::warn!(
                    data_dir = %path.display(),
                    mode,
                    "other users of this machine can look into the data directory, which holds secrets; chmod 700 it"
                );
            }
            Ok(())
        }
        Ok(_) => Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a file, not a directory")),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            let present = path.ancestors().skip(1).find(|ancestor| is_there(ancestor)).map(Path::to_owned);
            // The directory holds secrets.
            DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            // A new directory is on the disk once its parent is synced.
            for parent in path.ancestors().skip(1) {
                sync(parent)?;
                if Some(parent) == present.as_deref() {
                    break;
                }
            }
            Ok(())
        }
        Err(problem) => Err(problem),
    }
}

/// Removes a file. One that does not exist is no error.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => Err(problem),
        _ => Ok(()),
    }
}

/// The parent of a relative path's first part is empty, and means the current directory.
fn named(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn is_there(path: &Path) -> bool {
    named(path).is_dir()
}

/// Makes the names in a directory durable.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    File::open(named(directory))?.sync_all()
}
