//! A consistent copy of the database while it is in use.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::Store;
use crate::{
    data_dir::remove,
    error::{BackupError, CommitError},
    sqlite,
};

/// The bytes of the disk that are left for events while a backup is made.
const LEFT_FOR_EVENTS: u64 = 64 << 20;
/// The bytes that are read at a time.
const CHUNK: usize = 256 << 10;

/// A copy of the database in a file that has no name any more: it is gone when this value is. Until then no other is made.
#[derive(Debug)]
pub struct Backup {
    file: File,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    _only: OwnedSemaphorePermit,
}

impl Backup {
    /// Reads the next bytes; none at the end. Blocks.
    pub fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut chunk = vec![0; CHUNK];
        let count = self.file.read(&mut chunk)?;
        chunk.truncate(count);
        Ok((count > 0).then_some(chunk))
    }
}

/// A file that is removed when this value is dropped.
struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.0) {
            tracing::warn!(file = %self.0.display(), %error, "a file of a backup could not be removed; the next start does it");
        }
    }
}

impl Store {
    /// Copies the database as it is now. Events are stored meanwhile; they are not in it. Only one is made at a time.
    ///
    /// The copy is made to its end even if the caller stops waiting for it, and is removed then.
    pub async fn backup(&self) -> Result<Backup, BackupError> {
        if self.is_shared() {
            return Err(BackupError::OnServer);
        }
        let only = self.backup.clone().try_acquire_owned().map_err(|_| BackupError::Running)?;
        let sizes = self.data_dir.file_sizes();
        let needed = sizes.database + sizes.log + LEFT_FOR_EVENTS;
        if let Some(free) = self.data_dir.free_bytes().filter(|free| *free < needed) {
            return Err(BackupError::NoRoom { needed, free });
        }
        let database = self.data_dir.database();
        let temporary = TemporaryFile(self.data_dir.create_backup().map_err(failed)?);
        // A task of its own, because SQLite goes on writing the file whatever becomes of the caller.
        let copying = tokio::spawn(async move {
            let copied = sqlite::copy_database(&database, &temporary.0).await;
            copied.map_err(|error| failed(CommitError::from(sqlite::SqliteError::from(error))))?;
            tokio::task::spawn_blocking(move || open(&temporary.0, only)).await.map_err(failed)?.map_err(failed)
        });
        copying.await.map_err(failed)?
    }
}

fn failed(reason: impl ToString) -> BackupError {
    BackupError::Failed { reason: reason.to_string() }
}

/// Opens a copy, and reads it once for its digest.
fn open(path: &Path, only: OwnedSemaphorePermit) -> io::Result<Backup> {
    let mut file = File::open(path)?;
    fs::remove_file(path)?;
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        digest.update(&chunk[..count]);
        bytes += count as u64;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(Backup { file, bytes, sha256: digest.finalize().into(), _only: only })
}
