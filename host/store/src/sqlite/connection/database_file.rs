//! A descriptor of the database file that is not SQLite's.
//!
//! It is never closed: when a process closes any descriptor of a file, it loses all its POSIX locks on that file, and with
//! them those of SQLite. <https://sqlite.org/howtocorrupt.html>

use std::{
    collections::HashMap,
    fs::File,
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// A file's device and number.
type FileId = (u64, u64);

/// The files that were opened, one descriptor for each.
static OPENED: Mutex<Option<HashMap<FileId, &'static File>>> = Mutex::new(None);

/// Opens the file, or returns the descriptor with which it was opened before.
pub(super) fn open(path: &Path) -> io::Result<&'static File> {
    let metadata = path.metadata()?;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = opened.get_or_insert_default();
    let id = (metadata.dev(), metadata.ino());
    if let Some(file) = opened.get(&id) {
        return Ok(file);
    }
    let file: &'static File = Box::leak(Box::new(File::open(path)?));
    opened.insert(id, file);
    Ok(file)
}
