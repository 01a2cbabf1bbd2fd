//! The file of the master key: readable by its owner only, and written atomically.
//!
//! A key is first written beside the file, as `….new`, and synced. Then it is renamed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{error::KeyError, key::MasterKey};

/// The file's default name, in the data directory.
pub const DEFAULT: &str = "master-key";

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 4096;

/// A master key's file.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// Returns the configured file.
    pub fn of(data_dir: &Path, named: Option<&Path>) -> Self {
        let path = named.map_or_else(|| data_dir.join(DEFAULT), Path::to_owned);
        Self { path }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the key. `None` if the file does not exist.
    pub fn read(&self) -> Result<Option<MasterKey>, KeyError> {
        read(&self.path)
    }

    /// Reads the key beside the file. `None` if there is no valid one.
    pub fn read_staged(&self) -> Option<MasterKey> {
        read(&self.staged()).ok().flatten()
    }

    /// Generates a key and writes it.
    pub fn make(&self) -> Result<MasterKey, KeyError> {
        let key = MasterKey::generate()?;
        self.stage(&key)?;
        self.adopt_staged()?;
        tracing::info!(
            file = %self.path.display(),
            "a master key was generated into this file; keep a copy of it apart from the copies of the database"
        );
        Ok(key)
    }

    /// Writes a key beside the file and syncs it.
    pub fn stage(&self, key: &MasterKey) -> Result<(), KeyError> {
        let staged = self.staged();
        let write = || {
            // A file that is there could have another mode.
            match fs::remove_file(&staged) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
            writeln!(file, "{}", key.to_text())?;
            file.sync_all()?;
            self.sync_directory()
        };
        write().map_err(|problem| KeyError::File { path: staged.clone(), problem })
    }

    /// Renames the key beside the file to the file's name.
    pub fn adopt_staged(&self) -> Result<(), KeyError> {
        fs::rename(self.staged(), &self.path)
            .and_then(|()| self.sync_directory())
            .map_err(|problem| KeyError::File { path: self.path.clone(), problem })
    }

    /// Removes the key beside the file. One that stays opens nothing.
    pub fn discard_staged(&self) {
        _ = fs::remove_file(self.staged());
    }

    fn staged(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        name.into()
    }

    fn sync_directory(&self) -> io::Result<()> {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// Reads the key in a file. `None` if the file does not exist. Refuses a file that others may read.
pub fn read(path: &Path) -> Result<Option<MasterKey>, KeyError> {
    let failed = |problem| KeyError::File { path: path.to_owned(), problem };
    let malformed = |problem| KeyError::Malformed { origin: path.display().to_string(), problem };
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = found.permissions().mode() & 0o777;
    if !found.is_file() {
        return Err(malformed("it is not a file".to_owned()));
    }
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    if found.len() > MAX_BYTES {
        return Err(malformed(format!("it has {} bytes", found.len())));
    }
    let bytes = fs::read(path).map_err(failed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed("it is not text".to_owned()))?;
    MasterKey::parse(text).map(Some).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(directory: &Path) -> KeyFile {
        KeyFile { path: directory.join("key") }
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("inlet-key-file-{name}-{}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn a_key_that_is_made_is_of_its_owner_and_reads_back() {
        let directory = directory("made");
        let file = file(&directory);
        assert!(file.read().unwrap().is_none());
        let key = file.make().unwrap();
        assert_eq!(file.read().unwrap(), Some(key));
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing else is left");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_staged_key_takes_the_place_of_the_other_in_one_step() {
        let directory = directory("staged");
        let file = file(&directory);
        let (old, new) = (file.make().unwrap(), MasterKey::generate().unwrap());
        file.stage(&new).unwrap();
        assert_eq!((file.read().unwrap(), file.read_staged()), (Some(old), Some(new.clone())));
        file.adopt_staged().unwrap();
        assert_eq!((file.read().unwrap(), file.read_staged()), (Some(new), None));
        fs::write(directory.join("key.new"), "broken off").unwrap();
        assert_eq!(file.read_staged(), None);
        file.discard_staged();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(directory).unwrap();
    }
}
