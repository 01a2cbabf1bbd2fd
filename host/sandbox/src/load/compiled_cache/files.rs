//! The files of the cache directory: written atomically, bounded in total size, accepted only if no other user could have
//! written them.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::Path,
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, DirEntry, OpenOptions, OpenOptionsExt as _},
};

use super::error::CacheError;

/// The extension of every cached file.
pub(super) const EXTENSION: &str = ".compiled";

/// The extension of a file that is being written.
const UNFINISHED_EXTENSION: &str = ".unfinished";

/// The age from which an unfinished file counts as left behind by a killed process. No write takes that long.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(60 * 60);

/// The write permissions of other users.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// An open cache directory.
#[derive(Debug)]
pub(super) struct CacheFiles {
    directory: Dir,
    max_bytes: u64,
}

impl CacheFiles {
    /// Opens a directory, and creates it if it does not exist.
    pub(super) fn open(path: &Path, max_bytes: u64) -> Result<Self, CacheError> {
        let failed = |source| CacheError::Open { path: path.to_owned(), source };
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let directory = Dir::open_ambient_dir(path, ambient_authority()).map_err(failed)?;
        // Checks the opened directory: the path may lead elsewhere by now.
        let found = directory.try_clone().and_then(|directory| directory.into_std_file().metadata()).map_err(failed)?;
        let owner = found.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return Err(CacheError::OwnedByAnother { path: path.to_owned(), owner });
        }
        let mode = found.mode() & 0o777;
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(CacheError::WritableByOthers { path: path.to_owned(), mode });
        }
        let files = Self { directory, max_bytes };
        // A file that cannot be removed takes space and does no other harm.
        let _ = files.remove_left_behind();
        Ok(files)
    }

    /// Reads a file. Returns an empty content for a file that another user could have written.
    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut file = self.directory.open(name)?.into_std();
        let found = file.metadata()?;
        if !is_ours(found.uid(), found.mode()) {
            return Ok(Vec::new());
        }
        let mut content = Vec::new();
        (&mut file).take(self.max_bytes.saturating_add(1)).read_to_end(&mut content)?;
        // Marks the file as recently used. If that fails, it is only removed earlier.
        let _ = file.set_modified(SystemTime::now());
        Ok(content)
    }

    /// Writes a file completely or not at all, then removes the least recently used files beyond the limit.
    pub(super) fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        // Unique among the processes and threads that share the directory.
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let unfinished = format!("{name}.{}-{nth}{UNFINISHED_EXTENSION}", process::id());
        let written =
            self.write_new(&unfinished, parts).and_then(|()| self.directory.rename(&unfinished, &self.directory, name));
        if written.is_err() {
            // The disk may be full.
            let _ = self.remove(&unfinished);
        }
        written?;
        self.trim()
    }

    /// Removes a file. A file that does not exist is not an error.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        ignore_not_found(self.directory.remove_file(name)).map(|_| ())
    }

    fn write_new(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        // The mode does not depend on the user's umask.
        let mut file = self.directory.open_with(name, OpenOptions::new().write(true).create_new(true).mode(0o600))?;
        parts.iter().try_for_each(|part| file.write_all(part))
    }

    /// Removes unfinished files, except recent ones, which another process may be writing.
    fn remove_left_behind(&self) -> io::Result<()> {
        for file in self.list(UNFINISHED_EXTENSION)? {
            if file.modified.elapsed().is_ok_and(|age| age > LEFT_BEHIND_AFTER) {
                self.remove(&file.name)?;
            }
        }
        Ok(())
    }

    /// Removes the least recently used files until the rest is within the limit.
    fn trim(&self) -> io::Result<()> {
        let mut files = self.list(EXTENSION)?;
        files.sort();
        let mut bytes: u64 = files.iter().map(|file| file.length).sum();
        for file in files {
            if bytes <= self.max_bytes {
                break;
            }
            self.remove(&file.name)?;
            bytes -= file.length;
        }
        Ok(())
    }

    /// Returns the files whose names end with `extension`.
    fn list(&self, extension: &str) -> io::Result<Vec<CacheFile>> {
        let mut files = Vec::new();
        for entry in self.directory.entries()? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().filter(|name| name.ends_with(extension)).map(str::to_owned)
            else {
                continue;
            };
            files.extend(ignore_not_found(CacheFile::of(&entry, name))?.flatten());
        }
        Ok(files)
    }
}

/// A file in the directory. The least recently used one sorts first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct CacheFile {
    modified: SystemTime,
    length: u64,
    name: String,
}

impl CacheFile {
    /// Returns `None` if the entry is not a regular file.
    fn of(entry: &DirEntry, name: String) -> io::Result<Option<Self>> {
        let metadata = entry.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        Ok(Some(Self { modified: metadata.modified()?.into_std(), length: metadata.len(), name }))
    }
}

/// Returns `None` for a file that does not exist. Another process that trims the directory may have removed it.
fn ignore_not_found<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Returns true if no other user can have written a file with this owner and mode.
fn is_ours(owner: u32, mode: u32) -> bool {
    owner == rustix::process::geteuid().as_raw() && mode & WRITABLE_BY_OTHERS == 0
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, thread};

    use tempfile::TempDir;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_another_user_could_write_is_not_ours() {
        let us = rustix::process::geteuid().as_raw();
        assert!(is_ours(us, 0o100_600) && is_ours(us, 0o100_644));
        for mode in [0o100_620, 0o100_602, 0o100_666] {
            assert!(!is_ours(us, mode), "{mode:o}");
        }
        assert!(!is_ours(us + 1, 0o100_600));
    }

    #[test]
    fn a_written_file_belongs_to_this_user_alone() {
        let directory = TempDir::new().unwrap();
        let files = CacheFiles::open(directory.path(), 1000).unwrap();
        files.write("a.compiled", &[b"a"]).unwrap();
        let mode = fs::metadata(directory.path().join("a.compiled")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    /// A directory with the file's name stands for a full disk: the write fails once there is a file to remove.
    #[test]
    fn a_failed_write_leaves_nothing() {
        let directory = TempDir::new().unwrap();
        let files = CacheFiles::open(directory.path(), 1000).unwrap();
        fs::create_dir(directory.path().join("a.compiled")).unwrap();
        assert!(files.write("a.compiled", &[b"a"]).is_err());
        assert_eq!(names(directory.path()), ["a.compiled"]);
    }

    #[test]
    fn opening_removes_files_left_behind() {
        let directory = TempDir::new().unwrap();
        for (name, age) in [
            ("old.unfinished", 2 * LEFT_BEHIND_AFTER),
            ("new.unfinished", Duration::ZERO),
            ("old.compiled", 2 * LEFT_BEHIND_AFTER),
        ] {
            let file = fs::File::create(directory.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        CacheFiles::open(directory.path(), 1000).unwrap();
        assert_eq!(names(directory.path()), ["new.unfinished", "old.compiled"]);
    }

    /// The threads act like processes: a file that one of them trims, another may be removing or writing.
    #[test]
    fn several_processes_can_share_a_directory() {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let files = CacheFiles::open(path, 40).unwrap();
                    for nth in 0..200 {
                        files.write(&format!("{}.compiled", nth % 7), &[b"some bytes"]).unwrap();
                    }
                });
            }
        });
        assert!(names(path).iter().all(|name| name.ends_with(EXTENSION)), "{:?}", names(path));
    }
}
