//! Databases for the suite: each in a temporary data directory.

use std::{collections::BTreeMap, fs, path::Path};

use inlet_store::StoreOptions;
use tempfile::TempDir;

/// An empty database for one test, deleted with it.
pub struct TestDatabase {
    directory: TempDir,
}

impl TestDatabase {
    /// True if opening the database frees the claims of a process that is gone.
    pub const OPENING_FREES_CLAIMS: bool = true;

    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// Options that open the database, also after a store on it was closed.
    pub fn options(&self) -> StoreOptions {
        StoreOptions::new(self.directory.path())
    }

    /// Ends the leases of a process that is gone: opening the database does.
    pub async fn end_leases(&self) {}

    /// Everything that is stored, to be compared: the bytes of every file but the one in which readers mark their
    /// positions.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap());
        let files: BTreeMap<_, _> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
            .filter(|(name, _)| !name.ends_with("-shm"))
            .map(|(name, path)| (name, fs::read(path).unwrap()))
            .collect();
        assert!(files.keys().any(|name| name.ends_with("-wal")), "{:?}", files.keys());
        files
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The directory alone, for tests that go on without the store.
    pub fn into_directory(self) -> TempDir {
        self.directory
    }
}
