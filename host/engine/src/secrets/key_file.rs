//! The file that the master key is kept in: of its owner only, written whole or not at all.
//!
//! A key is first written beside the file, as `….new`, and synced; then it takes the file's name, which is one step for
//! whoever looks at any time.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{KeyError, key::MasterKey};

/// The file unless another is named, in the data directory.
pub const DEFAULT: &str = "master-key";

/// More than any way to write a key.
const MAX_BYTES: u64 = 4096;

/// A master key's file.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// The file that is configured.
    pub fn of(data_dir: &Path, named: Option<&Path>) -> Self {
        let path = named.map_or_else(|| data_dir.join(DEFAULT), Path::to_owned);
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key in it; none if there is no such file.
    pub fn read(&self) -> Result<Option<MasterKey>, KeyError> {
        read(&self.path)
    }

    /// The key beside it; none if there is none that could be one.
    pub fn read_staged(&self) -> Option<MasterKey> {
        read(&self.staged()).ok().flatten()
    }

    /// Makes a key where there is none.
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

    /// Puts a key beside the file, on the disk.
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

    /// The key beside the file takes its name.
    pub fn adopt_staged(&self) -> Result<(), KeyError> {
        fs::rename(self.staged(), &self.path)
            .and_then(|()| self.sync_directory())
            .map_err(|problem| KeyError::File { path: self.path.clone(), problem })
    }

    /// Removes the key beside the file. If that fails it lies there, and is of no use to anyone.
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

/// The key in a file; none if there is no such file. One that others may read is refused.
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
